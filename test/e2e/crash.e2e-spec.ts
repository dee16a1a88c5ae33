import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OpenAiStandIn } from '../support/openai-standin.js';
import { TestServer } from '../support/test-server.js';

describe('a process that dies', () => {
  let standIn: OpenAiStandIn;
  let first: TestServer;
  beforeAll(async () => {
    standIn = await OpenAiStandIn.start({ tokens: 200, tokenDelayMs: 50 });
  });
  afterAll(() => standIn.stop());

  it('leaves the conversation intact, and the turn is begun again by the next one, with the same ids', async () => {
    const env = { OPENAI_BASE_URL: standIn.url, LEASE_SECONDS: '2' };
    first = await TestServer.start({ env });
    let second: TestServer | undefined;
    try {
      const { token } = await first.login('user@acme.test');
      const client = await first.chat(token);
      standIn.options.tokens = 3;
      standIn.options.tokenDelayMs = 0;
      const answered = await client.ask('What is your returns policy?');
      const conversation_id = answered.ack['conversation_id'];
      standIn.options.tokens = 400;
      standIn.options.tokenDelayMs = 50;
      const client_message_id = '01900000-0000-7000-8000-00000000c4a5';
      const from = client.frames.length;
      client.send({ content: 'How do I return a gift?', conversation_id, client_message_id });
      const ack = await client.next('ack', { from });
      await client.next('token', { from });
      await first.kill();

      standIn.options.tokens = 3;
      standIn.options.tokenDelayMs = 0;
      second = await TestServer.start({
        env,
        dataDir: first.dataDir,
        ...(first.databaseUrl === null ? {} : { databaseUrl: first.databaseUrl }),
      });
      const login = await second.login('user@acme.test');
      const path = `/api/acme/conversations/${conversation_id}`;
      let turn;
      for (let waited = 0; waited < 15_000; waited += 250) {
        turn = (await second.api(`${path}/turns/${ack['turn_id']}`, { token: login.token })).body;
        if (turn.status !== 'running') break;
        await sleep(250);
      }
      expect(turn).toMatchObject({ status: 'completed', content: 'How do I return a gift?', start: 2, attempt: 1 });
      const messages = await second.api(`${path}/messages`, { token: login.token });
      expect(messages.body.data.map((message: { role: string }) => message.role)).toEqual([
        'user',
        'assistant',
        'user',
        'assistant',
      ]);
      expect(messages.body.data.at(-1)).toMatchObject({ id: turn.answer_id, turn_id: ack['turn_id'] });

      const back = await second.chat(login.token);
      const [, answer] = messages.body.data;
      back.send({ type: 'resume', conversation_id, after_seq: answer.seq + 1 });
      expect(await back.next('context_restored')).toMatchObject({ turn: { status: 'completed', start: 2 } });
      expect(await back.next('done')).toMatchObject({ turn_id: ack['turn_id'], status: 'completed' });
      const again = await back.ask('How do I return a gift?', { conversation_id, client_message_id });
      expect(again.ack).toMatchObject({ message_id: ack['message_id'], turn_id: ack['turn_id'] });
      expect(again.done['status']).toBe('completed');
      await back.close();
    } finally {
      await second?.stop();
      await first.stop();
    }
  }, 120_000);

  it('starts again after a kill at any moment of the first boot', async () => {
    if ((process.env['DATABASE_URL'] ?? '') !== '') return; // the directory is the embedded database's
    const dataDir = await mkdtemp(join(tmpdir(), 'switchboard-firstboot-'));
    try {
      for (const after of [300, 1500, 4000, 7000]) {
        const starting = TestServer.start({ dataDir }).catch(() => null);
        await sleep(after);
        const pids = await descendants(dataDir);
        for (const pid of pids) process.kill(pid, 'SIGKILL');
        await starting.then((server) => server?.kill());
      }
      const server = await TestServer.start({ dataDir });
      const { token } = await server.login('user@acme.test');
      expect((await server.api('/api/acme/conversations', { token })).status).toBe(200);
      expect(await server.stop()).toBe(0);
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  }, 180_000);
});

/** The processes that have this directory in their environment: the server that is starting. */
async function descendants(dataDir: string): Promise<number[]> {
  const { readdir, readFile } = await import('node:fs/promises');
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environ = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (environ.includes(`DATA_DIR=${dataDir}`) && command.includes('main.js')) found.push(Number(pid));
  }
  return found;
}
