import { ChatClient, type Frame, textOf } from '../support/chat-client.js';
import { Cluster, type ClusterServer } from './cluster.js';
import { eventually } from './waiting.js';

/** How the clients of one of the documents this product was asked for with (test/e2e/seeds) speak. */
interface Dialect {
  readonly name: string;
  readonly email: string;
  path(userId: string): string;
  /** On the URL of each connection. */
  readonly query: string;
  /** Behind it when the client comes back into its conversation. */
  back(conversationId: string): string;
  readonly said: string;
  frame(content: string, conversationId: string | undefined): Frame;
  /** It appends the `content` of every frame of the assistant, and takes no other. */
  readonly appends: boolean;
}

const DIALECTS: readonly Dialect[] = [
  {
    name: 'the requirements document',
    email: 'user@acme.test',
    path: () => '/ws/chat',
    query: '',
    back: () => 'session_id=abc123',
    said: 'What is your returns policy? nonce:requirements',
    frame: (content) => ({ type: 'user_message', content, session_id: 'abc123' }),
    appends: true,
  },
  {
    name: 'the test task',
    email: 'user@acme.test',
    path: (userId) => `/ws/${userId}`,
    query: '',
    back: () => 'conversation_id=123',
    said: 'How long do I have to return something? nonce:task',
    frame: (message) => ({ message, conversation_id: 123 }),
    appends: true,
  },
  {
    name: 'the Stage 7 plan',
    email: 'user@acme.test',
    path: () => '/ws/chat',
    query: 'stream=false&format=html',
    back: (id) => `conversation_id=${id}`,
    said: 'What does shipping cost? nonce:stage-7',
    frame: (content, conversation_id = 'new') => ({ type: 'user_message', content, conversation_id }),
    appends: false,
  },
  {
    name: 'the job portal',
    email: 'seeker@jobs.test',
    path: () => '/api/chat/ws',
    query: '',
    back: () => 'resume=latest',
    said: 'Find jobs that match my profile nonce:portal',
    frame: (content, conversation_id = 'new') => ({ content, conversation_id }),
    appends: false,
  },
];

const answer = (word: string) =>
  Array.from({ length: 50 }, (_, n) => (n % 7 === 3 ? `🧵${n}` : `${word}${n}`)).join(' ');
/** What the model says to the server that dies, and to the one that goes on. */
const [FIRST, SECOND] = [answer('first'), answer('second')];

function nonceOf(content: string): string {
  return /nonce:([\w-]+)/.exec(content)?.[1] ?? '';
}

/** One client's conversation across the death of the server that answered it. */
interface Course {
  readonly turnId: string;
  readonly answerId: string;
  /** The answer in the database. */
  readonly stored: string;
  /** Frames of the turn, as its sender got them until its server died, and after it came back. */
  readonly before: readonly Frame[];
  readonly after: readonly Frame[];
  /** As a second socket of the same person got them, on the server that lived; null: there was none. */
  readonly beside: readonly Frame[] | null;
  readonly restored: Frame;
}

/** What a client that appends has on its screen. */
function appended(frames: readonly Frame[]): string {
  return frames
    .filter((frame) => frame['role'] === 'assistant' && typeof frame['content'] === 'string')
    .map((frame) => frame['content'])
    .join('');
}

/** Nobody of these knows of instances, offsets or starts: what they show is right all the same. */
describe.each([
  { successor: 'another server', servers: 2 },
  { successor: 'the same one, started again', servers: 1 },
])('when the server dies in the middle of an answer and $successor goes on, a client of', ({ servers }) => {
  let cluster: Cluster;
  const courses = new Map<string, Course>();

  beforeAll(async () => {
    cluster = await Cluster.start({ servers });
    for (const { said } of DIALECTS) {
      const match = { stream: true, nonce: nonceOf(said) };
      // A model does not say the same twice.
      cluster.provider.standIn.script({ match, text: FIRST, tokenDelayMs: 100, times: 1 });
      cluster.provider.standIn.script({ match, text: SECOND, tokenDelayMs: 100 });
    }
    const runs = await Promise.all(DIALECTS.map((dialect) => begin(dialect)));
    await cluster.a.kill();
    if (servers === 1) await cluster.a.start();
    for (const [n, course] of (await Promise.all(runs.map((goOn) => goOn()))).entries()) {
      courses.set(DIALECTS[n]!.name, { ...course, stored: await storedAnswer(course.turnId) });
    }
  }, 120_000);
  afterAll(() => cluster.stop());

  const connect = async (server: ClusterServer, dialect: Dialect, query = '') => {
    const { token, userId } = await login(server, dialect.email);
    const url = `${server.url.replace('http', 'ws')}${dialect.path(userId)}?token=${token}&${dialect.query}&${query}`;
    const client = ChatClient.connect(url);
    await client.next('ready');
    return client;
  };
  const login = (server: ClusterServer, email: string) => server.process.login(email);

  /** Lets a client say something on A, and waits until the answer is under way. @returns what it sees of the rest */
  async function begin(dialect: Dialect): Promise<() => Promise<Omit<Course, 'stored'>>> {
    const survivor = servers === 1 ? null : await connect(cluster.b, dialect);
    const sender = await connect(cluster.a, dialect);
    let conversation: string | undefined;
    // It has spoken in this conversation before: so it listens to it.
    for (const client of survivor === null ? [sender] : [survivor, sender]) {
      client.send(dialect.frame('Hello!', conversation));
      const ack = await client.next('ack');
      conversation = String(ack['conversation_id']);
      await client.next('done', { where: (frame) => frame['turn_id'] === ack['turn_id'] });
    }
    const from = sender.frames.length;
    sender.send(dialect.frame(dialect.said, conversation));
    const ack = await sender.next('ack', { from });
    const turnId = String(ack['turn_id']);
    const ofTurn = (client: ChatClient) => client.frames.filter((frame) => frame['turn_id'] === turnId);
    const begun = await sender.next('turn', { where: (frame) => frame['turn_id'] === turnId });
    const nonce = nonceOf(dialect.said);
    await eventually(
      () => cluster.provider.open(nonce) === 1,
      () => `${dialect.name} to be answered; got ${JSON.stringify(sender.frames.slice(from)).slice(0, 1500)}`,
      20_000,
    );
    for (const client of survivor === null ? [sender] : [survivor, sender]) {
      if (dialect.query.includes('stream=false')) continue;
      await eventually(() => textOf(ofTurn(client)).length > 20, `${dialect.name} to see text`, 20_000);
    }
    return async () => {
      const back = await connect(servers === 1 ? cluster.a : cluster.b, dialect, dialect.back(String(conversation)));
      const clients = survivor === null ? [back] : [survivor, back];
      for (const client of clients) {
        await client.next('done', { where: (frame) => frame['turn_id'] === turnId, ms: 40_000 });
      }
      expect(cluster.provider.startedBy(nonce)).toEqual(servers === 1 ? ['a', 'a'] : ['a', 'b']);
      const course = {
        turnId,
        answerId: String(begun['answer_id']),
        before: ofTurn(sender),
        after: ofTurn(back),
        beside: survivor === null ? null : ofTurn(survivor),
        restored: await back.next('context_restored'),
      };
      for (const client of clients) await client.close();
      return course;
    };
  }

  const storedAnswer = async (turnId: string): Promise<string> => {
    const { rows } = await cluster.database.query<{ content: string }>(
      `SELECT content FROM app.message WHERE turn_id = $1 AND role = 'assistant'`,
      [turnId],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.content).toContain(SECOND);
    return rows[0]!.content;
  };
  const courseOf = (name: string): Course => {
    const course = courses.get(name);
    if (course === undefined) throw new Error(`${name} did not get so far`);
    return course;
  };
  const expectOneEnd = (frames: readonly Frame[]) => {
    expect(frames.filter((frame) => frame['type'] === 'done').map((frame) => frame['status'])).toEqual(['completed']);
    expect(frames.at(-1)).toMatchObject({ type: 'done' });
    expect(frames.filter((frame) => frame['type'] === 'error')).toEqual([]);
  };

  it.each(DIALECTS.filter(({ appends }) => appends).map(({ name }) => name))(
    '%s, which appends, has the whole answer, and a word and an empty line before it where it had some of it',
    (name) => {
      const { after, before, beside, stored } = courseOf(name);
      expect(appended(before).length).toBeGreaterThan(20);
      expect(FIRST.startsWith(appended(before))).toBe(true);
      for (const frames of [after, ...(beside === null ? [] : [beside])]) {
        expectOneEnd(frames);
        expect(frames.filter((frame) => frame['type'] === 'message')).toEqual([]);
        const gap = frames.findIndex((frame) => frame['type'] === 'token' && frame['content'] === '\n\n');
        expect(appended(frames.slice(gap + 1))).toBe(stored);
        // One that came back to a server that begins anew has an empty screen, and needs no word.
        if (gap < 0) continue;
        expect(frames[gap - 1]).toMatchObject({ type: 'status', message: expect.any(String) });
        expect(appended(frames.slice(0, gap))).not.toBe('');
        expect(FIRST.startsWith(appended(frames.slice(0, gap)))).toBe(true);
      }
      // One that was there all the time saw half of it first.
      if (beside !== null) expect(appended(beside).length).toBeGreaterThan(stored.length + 20);
      else expect(appended(after)).toBe(stored);
    },
  );

  it('the Stage 7 plan, which wants no tokens, gets the answer in one message of HTML', () => {
    const { after, answerId, beside, restored, stored } = courseOf('the Stage 7 plan');
    expect(restored['turn']).toMatchObject({ status: 'running' });
    for (const frames of [after, ...(beside === null ? [] : [beside])]) {
      expectOneEnd(frames);
      expect(frames.filter((frame) => frame['type'] === 'token')).toEqual([]);
      const answers = frames.filter((frame) => frame['type'] === 'message' && frame['role'] === 'assistant');
      expect(answers).toHaveLength(1);
      expect(answers[0]).toMatchObject({ id: answerId, metadata: { partial: false } });
      expect(answers[0]?.['content']).toMatch(/^<p>/);
      expect(answers[0]?.['content']).toContain(stored);
    }
  });

  it('the job portal, which goes by offsets, has text and matches once', () => {
    const { after, answerId, before, beside, stored } = courseOf('the job portal');
    expect(textOf(before).length).toBeGreaterThan(20);
    for (const frames of [after, ...(beside === null ? [] : [beside])]) {
      expectOneEnd(frames);
      expect(textOf(frames)).toBe(stored);
      const message = frames.find((frame) => frame['type'] === 'message' && frame['role'] === 'assistant');
      expect(message).toMatchObject({ id: answerId, content: stored, payload_type: 'jobs' });
      expect(message?.['payloads']).toHaveLength(1);
      // Of the last beginning: one that saw the first one too got its payload too.
      const started = frames.findLastIndex((frame) => frame['type'] === 'turn');
      const payloads = frames.slice(started).filter((frame) => frame['type'] === 'payload');
      expect(payloads.map((frame) => frame['payload_type'])).toEqual(['jobs']);
      expect(payloads[0]?.['items']).toEqual(message?.['payloads'][0].items);
    }
  });
});
