import { setTimeout as sleep } from 'node:timers/promises';
import { ChatApp, type Person } from './chat-app.js';

const uuid = (): string => crypto.randomUUID();

describe('a conversation over a socket', () => {
  let app: ChatApp;
  let person: Person;
  beforeAll(async () => {
    app = await ChatApp.start();
    person = await app.person();
  }, 60_000);
  afterAll(() => app.stop());
  afterEach(() => app.runtime.release());

  it('acknowledges, streams and ends a turn, in that order and with growing numbers', async () => {
    const client = await app.chat(person);
    client.send({ type: 'user_message', content: 'how are you today', client_message_id: uuid(), ref: 'r1' });
    const done = await client.next('done');
    const frames = client.frames.slice(1);
    expect(frames.map((frame) => frame.type)).toEqual([
      'ack',
      'turn',
      ...['status', 'status', 'token', 'token', 'token', 'token'],
      'message',
      'done',
    ]);
    expect(frames[0]).not.toHaveProperty('seq');
    expect(frames[1]).toMatchObject({
      status: 'running',
      attempt: 1,
      start: 1,
      turn_id: frames[0]?.['turn_id'],
      question_id: frames[0]?.['message_id'],
      answer_id: client.of('message')[0]?.['id'],
    });
    expect(done).toMatchObject({ status: 'completed' });
    expect(client.text()).toBe('how are you today');
    expect(frames[0]).toMatchObject({ ref: 'r1' });
    expect(frames.slice(1).some((frame) => 'ref' in frame)).toBe(false);
    const numbers = frames.slice(1).map((frame) => Number(frame['seq']));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(client.of('message')[0]).toMatchObject({
      role: 'assistant',
      content: 'how are you today',
      metadata: { intent: 'qa', conversation_id: frames[0]?.['conversation_id'] },
    });
    await client.close();
  });

  it('makes a conversation when none is named and continues the one that is', async () => {
    const client = await app.chat(person);
    client.send({ content: 'first' });
    const { conversation_id } = await client.next('done');
    client.send({ content: 'second', conversation_id });
    const again = await client.next('done');
    expect(again['conversation_id']).toBe(conversation_id);
    client.send({ content: 'third', conversation_id: 'new' });
    expect((await client.next('done'))['conversation_id']).not.toBe(conversation_id);
    expect(app.runtime.inputs.at(-2)?.history.map((message) => message.content)).toEqual(['first', 'first']);
    await client.close();
  });

  it('shows a turn to all sockets of the user that follow the conversation, the question included', async () => {
    const [asking, watching] = [await app.chat(person), await app.chat(person)];
    asking.send({ content: 'echo one' });
    const { conversation_id } = await asking.next('done');
    watching.send({ type: 'resume', conversation_id, ref: 'w' });
    const restored = await watching.next('context_restored');
    expect(restored).toMatchObject({ ref: 'w', messages: [{ role: 'user' }, { role: 'assistant' }] });
    expect(restored).not.toHaveProperty('seq');
    // Nothing but the context: no number was given.
    expect(watching.frames.map((frame) => frame.type)).toEqual(['ready', 'context_restored']);
    const before = { asking: asking.frames.length, watching: watching.frames.length };
    asking.send({ content: 'echo two words', conversation_id });
    await asking.next('done');
    await watching.next('done');
    const seen = watching.frames.slice(before.watching);
    expect(seen[0]).toMatchObject({ type: 'message', role: 'user', content: 'echo two words' });
    expect(seen.slice(1)).toEqual(asking.frames.slice(before.asking + 1));
    await Promise.all([asking.close(), watching.close()]);
  });

  it('goes on without its reader, who gets what it missed when it resumes', async () => {
    const first = await app.chat(person);
    first.send({ content: 'hold on' });
    const ack = await first.next('ack');
    await first.next('token');
    first.socket.terminate();
    const second = await app.chat(person);
    second.send({ type: 'resume', conversation_id: ack['conversation_id'], after_seq: 0 });
    expect(await second.next('context_restored')).toMatchObject({
      turn: { turn_id: ack['turn_id'], status: 'running', attempt: 1, start: 1, text: 'before ', error: null },
    });
    expect(await second.next('message')).toMatchObject({ role: 'user', content: 'hold on' });
    expect(await second.next('turn')).toMatchObject({ turn_id: ack['turn_id'], status: 'running', start: 1 });
    expect(await second.next('token')).toMatchObject({ offset: 0, content: 'before ' });
    app.runtime.release();
    expect(await second.next('token')).toMatchObject({ offset: 7, content: 'after' });
    await second.next('done');
    expect(second.text()).toBe('before after');
    await second.close();
  });

  it('replays stored frames after the given number, once each', async () => {
    const client = await app.chat(person);
    client.send({ content: 'echo a' });
    const first = await client.next('done');
    client.send({ content: 'echo b', conversation_id: first['conversation_id'] });
    await client.next('done');
    const late = await app.chat(person);
    late.send({ type: 'resume', conversation_id: first['conversation_id'], after_seq: first['seq'] });
    await late.next('done');
    const replayed = late.frames.slice(2);
    expect(replayed.every((frame) => Number(frame['seq']) > Number(first['seq']))).toBe(true);
    expect(replayed.filter((frame) => frame.type === 'message').map((frame) => frame['content'])).toEqual([
      'echo b',
      'echo b',
    ]);
    await Promise.all([client.close(), late.close()]);
  });

  it('stops a running turn within a second, and keeps question and part of the answer', async () => {
    const client = await app.chat(person);
    client.send({ content: `hang ${uuid()}` });
    const { turn_id, conversation_id } = await client.next('token');
    const stoppedAt = Date.now();
    client.send({ type: '/abort', turn_id });
    expect(await client.next('done')).toMatchObject({ status: 'cancelled', turn_id });
    expect(Date.now() - stoppedAt).toBeLessThan(1000);
    expect(client.of('error')).toEqual([]);
    expect(client.frames.slice(-2)).toMatchObject([
      { type: 'message', role: 'assistant', turn_id, content: 'partial ', metadata: { partial: true } },
      { type: 'done' },
    ]);
    expect(app.runtime.aborted.size).toBeGreaterThan(0);
    const stored = await app.call(`/api/${person.slug}/conversations/${String(conversation_id)}/messages`, {
      token: person.token,
    });
    expect(stored.body['data']).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: 'partial ', metadata: { partial: true } },
    ]);
    await client.close();
  });

  it('stops nothing when the two targets do not agree', async () => {
    const client = await app.chat(person);
    client.send({ content: 'hang both' });
    const { turn_id, conversation_id } = await client.next('token');
    client.send({ content: 'echo elsewhere' });
    const elsewhere = await client.next('done');
    client.send({ type: 'abort', turn_id, conversation_id: elsewhere['conversation_id'], ref: 'no' });
    expect(await client.next('error')).toMatchObject({ code: 'NOT_FOUND', scope: 'frame', ref: 'no', turn_id });
    expect(app.runtime.aborted.has('hang both')).toBe(false);
    client.send({ type: 'abort', turn_id, conversation_id });
    expect(await client.next('done')).toMatchObject({ status: 'cancelled', turn_id });
    await client.close();
  });

  it('tells no more of a conversation that was left, until it is resumed', async () => {
    const [asking, watching] = [await app.chat(person), await app.chat(person)];
    asking.send({ content: 'echo one' });
    const { conversation_id } = await asking.next('done');
    watching.send({ type: 'resume', conversation_id });
    await watching.next('context_restored');
    watching.send({ type: 'unsubscribe', conversation_id, ref: 'u' });
    watching.send({ type: 'ping', ref: 'left' });
    await watching.next('pong');
    const before = watching.frames.length;
    asking.send({ content: 'echo two', conversation_id });
    await asking.next('done');
    watching.send({ type: 'unsubscribe', conversation_id, ref: 'again' });
    expect(await watching.next('error')).toMatchObject({ code: 'NOT_FOUND', scope: 'frame', ref: 'again' });
    expect(watching.frames).toHaveLength(before + 1);
    watching.send({ type: 'resume', conversation_id });
    await watching.next('context_restored');
    asking.send({ content: 'echo three', conversation_id });
    expect(await watching.next('message')).toMatchObject({ content: 'echo three' });
    await Promise.all([asking.close(), watching.close()]);
  });

  it('without a target stops what this socket started, and nothing of other sockets', async () => {
    const [mine, other] = [await app.chat(person), await app.chat(person)];
    mine.send({ content: 'hang mine' });
    other.send({ content: 'hang other' });
    await mine.next('token');
    await other.next('token');
    mine.send({ type: 'abort' });
    expect(await mine.next('done')).toMatchObject({ status: 'cancelled' });
    mine.send({ type: 'abort', ref: 'x' });
    expect(await mine.next('error')).toMatchObject({ code: 'NOT_FOUND', ref: 'x' });
    expect(app.runtime.aborted.has('hang other')).toBe(false);
    other.send({ type: 'abort' });
    await other.next('done');
    await Promise.all([mine.close(), other.close()]);
  });

  it('ends a turn whose last reader has gone when that was asked for', async () => {
    const content = `hang ${uuid()}`;
    const [sender, watcher] = [await app.chat(person, '?on_disconnect=cancel'), await app.chat(person)];
    sender.send({ content });
    const { conversation_id } = await sender.next('token');
    watcher.send({ type: 'resume', conversation_id });
    await watcher.next('token');
    await sender.close();
    await sleep(300);
    expect(app.runtime.aborted.has(content)).toBe(false);
    const leftAt = Date.now();
    await watcher.close();
    await watcher.until(() => app.runtime.aborted.has(content), 'the abort', 2000);
    expect((app.runtime.aborted.get(content) ?? 0) - leftAt).toBeLessThan(1000);
  });

  it('runs one turn at a time, queues five more and refuses the sixth', async () => {
    const client = await app.chat(person);
    client.send({ content: 'hold 0' });
    const { conversation_id } = await client.next('ack');
    for (let n = 1; n <= 6; n++)
      client.send({ content: `echo ${n}`, conversation_id, client_message_id: uuid(), ref: `m${n}` });
    const refused = await client.next('error');
    expect(refused).toMatchObject({ scope: 'frame', code: 'CONFLICT', ref: 'm6', conversation_id });
    expect(refused).not.toHaveProperty('seq');
    expect(client.of('status').filter((frame) => frame['step'] === 'queued')).toHaveLength(5);
    expect(client.of('turn').filter((frame) => frame['status'] === 'queued')).toHaveLength(5);
    app.runtime.release();
    for (let n = 0; n <= 5; n++) await client.next('done');
    expect(client.of('message').map((frame) => frame['content'])).toEqual([
      'before after',
      ...[1, 2, 3, 4, 5].map((n) => `echo ${n}`),
    ]);
    await client.close();
  });

  it('numbers the turn that waited after the one before it, also when nobody listens any more', async () => {
    const client = await app.chat(person);
    client.send({ content: 'hold 0' });
    const { conversation_id } = await client.next('token');
    client.send({ content: 'hold 1', conversation_id });
    await client.next('status', (frame) => frame['step'] === 'queued');
    client.socket.terminate();
    await sleep(50);
    const ran = app.runtime.inputs.length;
    app.runtime.release();
    await client.until(() => app.runtime.inputs.length === ran + 1, 'the second turn');
    const late = await app.chat(person);
    late.send({ type: 'resume', conversation_id });
    await late.next('token');
    app.runtime.release();
    await late.next('done', (frame) => frame['turn_id'] === late.of('token')[0]?.['turn_id']);
    const numbers = late.frames.slice(2).map((frame) => Number(frame['seq']));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(late.of('turn')).toMatchObject([{ status: 'running', turn_id: late.of('token')[0]?.['turn_id'] }]);
    await late.close();
  });

  it('handles the frames of a socket in their order', async () => {
    const client = await app.chat(person);
    client.send({ content: 'echo x', ref: 'a' });
    client.send({ type: 'ping', ref: 'b' });
    client.send('{broken');
    client.send({ type: 'ping', ref: 'c' });
    await client.next('pong', (frame) => frame['ref'] === 'c');
    const answers = client.frames.filter((frame) => ['ack', 'pong', 'error'].includes(frame.type));
    expect(answers.map((frame) => frame['ref'] ?? frame['code'])).toEqual(['a', 'b', 'INVALID_INPUT', 'c']);
    await client.close();
  });

  it('tells a failure before the end, and takes the same message again', async () => {
    const client = await app.chat(person);
    const message = { content: 'fail please', client_message_id: uuid() };
    client.send(message);
    const first = await client.next('ack');
    expect(await client.next('error')).toMatchObject({
      scope: 'turn',
      seq: expect.any(Number),
      code: 'LLM_ERROR',
      message: 'Something went wrong. Please try again.',
      retryable: true,
      client_message_id: message.client_message_id,
      turn_id: first['turn_id'],
    });
    expect(await client.next('done')).toMatchObject({
      status: 'failed',
      error: { code: 'LLM_ERROR', message: 'Something went wrong. Please try again.', retryable: true },
    });
    expect(client.of('message')).toEqual([]);
    client.send(message);
    const second = await client.next('ack');
    expect(second['message_id']).toBe(first['message_id']);
    expect(second['turn_id']).not.toBe(first['turn_id']);
    const [turn, again] = [client.of('turn')[0], await client.next('turn', (frame) => frame['attempt'] === 2)];
    expect(again).toMatchObject({ turn_id: second['turn_id'], question_id: first['message_id'], start: 1 });
    expect(again['answer_id']).not.toBe(turn?.['answer_id']);
    await client.next('done');
    await client.close();
  });

  it('sends structured results beside the text', async () => {
    const client = await app.chat(person);
    client.send({ content: 'payload' });
    expect(await client.next('payload')).toMatchObject({
      payload_type: 'jobs',
      items: [{ title: 'Baker' }],
      offset: 0,
    });
    expect(await client.next('message')).toMatchObject({ payload_type: 'jobs', content: 'One job.' });
    await client.close();
  });

  describe('a repeated client_message_id', () => {
    it('gets the identical ack, the stored message and done, and starts nothing', async () => {
      const client = await app.chat(person);
      const message = { content: 'echo once', client_message_id: uuid() };
      client.send(message);
      const ack = await client.next('ack');
      await client.next('done');
      const runs = app.runtime.inputs.length;
      // The first message of its conversation too, on another socket.
      const other = await app.chat(person);
      other.send({ ...message, client_message_id: message.client_message_id.toUpperCase() });
      expect(await other.next('ack')).toEqual(ack);
      expect(await other.next('message')).toEqual(client.of('message')[0]);
      expect(await other.next('done')).toEqual(client.of('done')[0]);
      expect(app.runtime.inputs).toHaveLength(runs);
      await Promise.all([client.close(), other.close()]);
    });

    it('joins the turn that still runs', async () => {
      const message = { content: 'hold it', client_message_id: uuid() };
      const [client, other] = [await app.chat(person), await app.chat(person)];
      client.send(message);
      await client.next('token');
      other.send(message);
      expect(await other.next('ack')).toEqual(client.of('ack')[0]);
      await other.next('turn');
      app.runtime.release();
      await other.next('done');
      expect(other.text()).toBe('before after');
      await Promise.all([client.close(), other.close()]);
    });

    it('after a Stop gets what there was of the answer, and starts nothing: a Stop is final', async () => {
      const message = { content: `hang ${uuid()}`, client_message_id: uuid() };
      const client = await app.chat(person);
      client.send(message);
      await client.next('token');
      client.send({ type: 'abort' });
      await client.next('done');
      const runs = app.runtime.inputs.length;
      const other = await app.chat(person);
      other.send(message);
      expect(await other.next('ack')).toEqual(client.of('ack')[0]);
      expect(await other.next('message')).toEqual(client.of('message')[0]);
      expect(await other.next('done')).toEqual(client.of('done')[0]);
      expect(app.runtime.inputs).toHaveLength(runs);
      await Promise.all([client.close(), other.close()]);
    });

    it('is refused for other content', async () => {
      const client = await app.chat(person);
      const id = uuid();
      client.send({ content: 'echo this', client_message_id: id });
      await client.next('done');
      client.send({ content: 'echo that', client_message_id: id });
      expect(await client.next('error')).toMatchObject({ code: 'CONFLICT', client_message_id: id });
      await client.close();
    });

    it('counts the same however the conversation came to be the default', async () => {
      const someone = await app.person();
      const message = { content: 'echo lost ack', client_message_id: uuid() };
      const client = await app.chat(someone);
      client.send(message);
      const ack = await client.next('ack');
      await client.next('done');
      await client.close();
      const again = await app.chat(someone, '?resume=latest');
      await again.next('context_restored');
      again.send(message);
      expect(await again.next('ack')).toEqual(ack);
      await again.close();
    });
  });

  describe('what the address asks for', () => {
    it('stream=false leaves out tokens, and a message may ask for them', async () => {
      const client = await app.chat(person, '?stream=false');
      client.send({ content: 'echo a b' });
      await client.next('done');
      expect(client.of('token')).toEqual([]);
      expect(client.of('message')).toHaveLength(1);
      client.send({ content: 'echo a b', stream: true });
      await client.next('done');
      expect(client.of('token')).not.toEqual([]);
      await client.close();
    });

    it('final=false leaves out the message, so that appending clients say everything once', async () => {
      const client = await app.chat(person, '?final=false');
      client.send({ content: 'echo a b' });
      await client.next('done');
      expect(client.of('message')).toEqual([]);
      const appended = client.frames.filter((frame) => 'content' in frame).map((frame) => frame['content']);
      expect(appended.join('')).toBe('echo a b');
      await client.close();
    });

    it('final=false still brings a stored answer when nothing of it was heard', async () => {
      const message = { content: 'echo stored', client_message_id: uuid() };
      const client = await app.chat(person);
      client.send(message);
      await client.next('done');
      const late = await app.chat(person, '?final=false');
      late.send(message);
      await late.next('done');
      expect(late.text()).toBe('echo stored');
      await Promise.all([client.close(), late.close()]);
    });

    it('nothing at all is refused before anything is written, judged on what is in force', async () => {
      const someone = await app.person();
      const client = await app.chat(someone, '?final=false');
      client.send({ content: 'echo a', stream: false, ref: 'r' });
      expect(await client.next('error')).toMatchObject({
        scope: 'frame',
        code: 'INVALID_INPUT',
        field: 'final',
        ref: 'r',
      });
      const listed = await app.call(`/api/${someone.slug}/conversations`, { token: someone.token });
      expect(listed.body['data']).toEqual([]);
      client.send({ content: 'echo a', stream: false, final: true });
      await client.next('message');
      await client.close();
      const silent = await app.chat(someone, '?stream=false&final=false');
      silent.send({ content: 'echo b' });
      expect(await silent.next('error')).toMatchObject({ code: 'INVALID_INPUT' });
      silent.send({ content: 'echo b', stream: true });
      await silent.next('token');
      await silent.close();
    });

    it('format=html puts HTML into content, with every script and event handler made harmless', async () => {
      const client = await app.chat(person, '?format=html');
      const attacks = [
        '**bold** <script>alert(1)</script>',
        '<img src=x onerror=alert(1)>',
        '[x](javascript:alert(1))',
        '[y](data:text/html;base64,PHNjcmlwdD4=)',
        '<svg/onload=alert(1)>',
        '<a href="jav&#x09;ascript:alert(1)">z</a>',
        '![p](https://evil.test/?q=secret)',
      ];
      client.send({ content: `say ${attacks.join('\n\n')}` });
      const message = await client.next('message');
      const html = String(message['content']);
      expect(html).toContain('<strong>bold</strong>');
      expect(html).not.toMatch(/<(script|svg|img|iframe|style|object)\b/i);
      expect(html).not.toMatch(/<[^>]*\son\w+\s*=/i);
      expect(html).not.toMatch(/<[^>]*(href|src)\s*=\s*["']?\s*(javascript|data|vbscript)/i);
      expect(message['content_html']).toBe(html);
      await client.close();
      const again = await app.chat(person, `?format=html&conversation_id=${String(message['conversation_id'])}`);
      const { messages } = (await again.next('context_restored')) as unknown as { messages: { content: string }[] };
      expect(messages.at(-1)?.content).toBe(html);
      await again.close();
    });

    it('conversation_id restores the context on connecting and is where messages go', async () => {
      const first = await app.chat(person);
      first.send({ content: 'echo remember me' });
      const { conversation_id } = await first.next('done');
      await first.close();
      const client = await app.chat(person, `?conversation_id=${String(conversation_id)}`);
      expect(await client.next('context_restored')).toMatchObject({
        conversation_id,
        messages: [{ role: 'user' }, { role: 'assistant', content: 'echo remember me' }],
        turn: { status: 'completed' },
      });
      client.send({ content: 'echo more' });
      expect((await client.next('ack'))['conversation_id']).toBe(conversation_id);
      await client.next('done');
      await client.close();
    });

    it('resume=latest restores the last conversation, or nothing for somebody who has none', async () => {
      const someone = await app.person();
      const fresh = await app.chat(someone, '?resume=latest');
      fresh.send({ type: 'ping' });
      await fresh.next('pong');
      expect(fresh.of('context_restored')).toEqual([]);
      fresh.send({ content: 'echo hello' });
      const { conversation_id } = await fresh.next('done');
      await fresh.close();
      const client = await app.chat(someone, '?resume=latest');
      expect(await client.next('context_restored')).toMatchObject({ conversation_id });
      await client.close();
    });

    it('is refused when it is not understood', async () => {
      const client = await app.socket(`/ws/chat?format=pdf&token=${person.token}`);
      expect(await client.next('error')).toMatchObject({ code: 'INVALID_INPUT', field: 'format' });
      expect(await client.end()).toMatchObject({ code: 4400 });
    });

    it('a tenant can set other defaults, which the address overrides', async () => {
      const someone = await app.person(await app.tenant({ websocket: { stream: false } }));
      const client = await app.chat(someone);
      client.send({ content: 'echo quiet' });
      await client.next('done');
      expect(client.of('token')).toEqual([]);
      const loud = await app.chat(someone, '?stream=true');
      loud.send({ content: 'echo loud' });
      await loud.next('done');
      expect(loud.of('token')).not.toEqual([]);
      await Promise.all([client.close(), loud.close()]);
    });
  });

  describe("the client's own key", () => {
    it('makes a conversation, continues it, is echoed on every frame, and gets the text once', async () => {
      const client = await app.chat(person);
      const session = `abc-${uuid()}`;
      client.send({ type: 'user_message', content: 'Tell me about GPT-4', session_id: session });
      const first = await client.next('done');
      client.send({ type: 'user_message', prompt: 'and then', session_id: session });
      const second = await client.next('done');
      expect(second['conversation_id']).toBe(first['conversation_id']);
      expect(client.frames.slice(1).every((frame) => frame['session_id'] === session)).toBe(true);
      expect(client.of('message')).toEqual([]);
      const appended = client.frames.filter((frame) => frame['role'] === 'assistant').map((frame) => frame['content']);
      expect(appended.join('')).toBe('Tell me about GPT-4and then');
      client.send({ type: 'resume', session_id: session });
      expect(await client.next('context_restored')).toMatchObject({ session_id: session });
      client.send({ content: 'hang key', session_id: session });
      await client.next('token', (frame) => frame['content'] === 'partial ');
      client.send({ type: 'abort', session_id: session });
      expect(await client.next('done', (frame) => frame['status'] === 'cancelled')).toMatchObject({
        session_id: session,
      });
      await client.close();
    });

    it('may be a number, and brings the message to those who want no tokens', async () => {
      const someone = await app.person();
      const client = await app.chat(someone, '?stream=false');
      client.send({ message: 'Hello!', conversation_id: 123 });
      expect(await client.next('message')).toMatchObject({ content: 'Hello!', session_id: 123 });
      await client.next('done');
      await client.close();
      const again = await app.chat(someone, '?conversation_id=123');
      expect(await again.next('context_restored')).toMatchObject({ session_id: '123' });
      await again.close();
    });

    it('belongs to its user alone', async () => {
      const [one, other] = [await app.chat(person), await app.chat(await app.person())];
      one.send({ content: 'echo a', session_id: 'shared' });
      other.send({ content: 'echo b', session_id: 'shared' });
      const [a, b] = [await one.next('done'), await other.next('done')];
      expect(a['conversation_id']).not.toBe(b['conversation_id']);
      await Promise.all([one.close(), other.close()]);
    });
  });

  it('opens nothing by another user’s ids, used as keys of one’s own', async () => {
    const mine = await app.chat(person);
    const client_message_id = uuid();
    mine.send({ content: 'echo private', client_message_id });
    const ack = await mine.next('ack');
    await mine.next('done');
    const session_id = ack['conversation_id'];
    for (const tenant of [person, undefined]) {
      const stranger = await app.chat(await app.person(tenant));
      stranger.send({ content: 'echo private', session_id, client_message_id });
      const own = await stranger.next('ack');
      for (const field of ['conversation_id', 'message_id', 'turn_id']) expect(own[field]).not.toBe(ack[field]);
      await stranger.next('done');
      stranger.send({ type: 'resume', session_id, after_seq: 0 });
      const restored = await stranger.next('context_restored');
      expect(restored['messages']).toHaveLength(2);
      expect(JSON.stringify(stranger.frames)).not.toContain(ack['message_id']);
      await stranger.close();
    }
    mine.send({ type: 'resume', session_id, after_seq: 0 });
    expect((await mine.next('context_restored'))['messages']).toHaveLength(2);
    await mine.close();
  });

  it("does not tell another user's conversation from an unknown one", async () => {
    const mine = await app.chat(person);
    mine.send({ content: 'echo private' });
    const { conversation_id } = await mine.next('done');
    const inTenant = await app.chat(await app.person({ tenantId: person.tenantId, slug: person.slug }, 'tenant_admin'));
    const outside = await app.chat(await app.person());
    for (const stranger of [inTenant, outside]) {
      const answers = [];
      for (const id of [conversation_id, uuid()]) {
        for (const frame of [
          { content: 'let me in' },
          { type: 'resume' },
          { type: 'unsubscribe' },
          { type: 'abort' },
        ]) {
          stranger.send({ ...frame, conversation_id: id });
          const { conversation_id: _, ...answer } = await stranger.next('error');
          answers.push(answer);
        }
      }
      expect(answers.slice(0, 4)).toEqual(answers.slice(4));
      expect(answers[0]).toMatchObject({ code: 'NOT_FOUND', message: 'Conversation not found or access denied' });
      expect(stranger.frames.every((frame) => ['ready', 'error'].includes(frame.type))).toBe(true);
      await stranger.close();
    }
    await mine.close();
  });

  it('answers every frame that it cannot use, and stays open', async () => {
    const client = await app.chat(person);
    const bad = [
      '{',
      '[]',
      ...['respond', 'regenerate', 'escalate', 'feedback', 'typing'].map((type) => `{"type":"${type}"}`),
      '{"type":"nonsense"}',
      '{"content":"  "}',
      '{"content":"a","seq":4}',
    ];
    for (const frame of bad) {
      client.send(frame);
      expect(await client.next('error')).toMatchObject({ code: 'INVALID_INPUT' });
    }
    client.send({ content: 'echo fine' });
    expect(await client.next('done')).toMatchObject({ status: 'completed' });
    await client.close();
  });
});

describe('the message limit', () => {
  it('refuses the eleventh message of a minute, on whichever socket, and counts no repeats', async () => {
    const app = await ChatApp.start({ MESSAGES_PER_MINUTE: '10' });
    try {
      const person = await app.person();
      const clients = [await app.chat(person), await app.chat(person)];
      const [first] = clients;
      const repeated = { content: 'echo 0', client_message_id: uuid() };
      for (let n = 0; n < 10; n++) {
        const client = clients[n % 2];
        client?.send(n === 0 ? repeated : { content: `echo ${n}` });
        await client?.next('done');
      }
      first?.send(repeated);
      await first?.next('done');
      first?.send({ content: 'echo 11', ref: 'eleventh' });
      const refused = await first?.next('error');
      expect(refused).toMatchObject({ code: 'RATE_LIMIT', retryable: true, ref: 'eleventh' });
      expect(Number(refused?.['retry_after_ms'])).toBeGreaterThan(0);
      const overHttp = await app.call(`/api/${person.slug}/chat`, {
        token: person.token,
        body: { content: 'echo 12' },
      });
      expect(overHttp.status).toBe(429);
      expect(overHttp.headers.get('retry-after')).toMatch(/^\d+$/);
    } finally {
      await app.stop();
    }
  }, 60_000);
});
