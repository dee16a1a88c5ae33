import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '#platform/paths';
import { Cluster, type ClusterServer, type Person } from './cluster.js';
import { recordMeasures } from './figures.js';
import { LONG, scaled } from './scale.js';
import { eventually } from './waiting.js';

/** The long run takes what the server has by default. */
const HEARTBEAT_SECONDS = scaled(2, 30);
const FROZEN = scaled(4, 20);
/** RELIABILITY 16: 90 s. That the server looks every half second, or later when it is busy, only a short heartbeat makes felt. */
const MOST_MS = LONG ? 90_000 : 3 * HEARTBEAT_SECONDS * 1000 + 2000;
/** Of a heartbeat: at most one goes by without an answer. */
const BRIEFLY = 0.75;

/** A peer that is there for the network and for nobody else: its kernel takes what is sent, and no answer comes. */
describe('a client that stands still', () => {
  let cluster: Cluster;
  const clients: FrozenClient[] = [];
  beforeAll(async () => {
    const env: Record<string, string> = LONG ? {} : { WS_HEARTBEAT_SECONDS: String(HEARTBEAT_SECONDS) };
    cluster = await Cluster.start({ servers: 1, env });
  }, 120_000);
  afterAll(async () => {
    for (const client of clients) client.end();
    await cluster?.stop();
  });

  async function connected(name: string): Promise<FrozenClient> {
    const client = await FrozenClient.connect(cluster.a, await cluster.person(name));
    clients.push(client);
    return client;
  }

  it(
    `is dropped within ${MOST_MS / 1000} s, and one that answers is not`,
    async () => {
      const [still, brief] = await Promise.all([connected('awake'), connected('brief')]);
      const silences = Array.from({ length: FROZEN }, async (_, n) => {
        const client = await connected(`frozen ${n}`);
        // Anywhere between two pings, the moment after an answer included: that one takes longest.
        await sleep(randomInt(HEARTBEAT_SECONDS * 2000));
        client.freeze();
        const since = Date.now();
        await eventually(
          async () => !(await client.isConnected()),
          `the client ${n} that stands still to be dropped`,
          MOST_MS + 10_000,
        );
        return Date.now() - since;
      });
      brief.freeze();
      await sleep(BRIEFLY * HEARTBEAT_SECONDS * 1000);
      brief.thaw();
      const times = (await Promise.all(silences)).sort((a, b) => a - b);
      recordMeasures('half-open', {
        clients: times.length,
        heartbeat: `${HEARTBEAT_SECONDS} s`,
        'dropped p50': `${times[times.length >> 1]} ms`,
        max: `${times.at(-1)} ms`,
      });
      expect(times.at(-1)).toBeLessThanOrEqual(MOST_MS);
      // Nobody is dropped who owes no two answers.
      expect(times[0]).toBeGreaterThan(HEARTBEAT_SECONDS * 1000);
      expect([await still.isConnected(), await brief.isConnected()]).toEqual([true, true]);
      expect([still.closed, brief.closed]).toEqual([false, false]);
    },
    MOST_MS + 120_000,
  );
});

/** In a process of its own, since only a process can be stopped. */
const SCRIPT = `
  const { WebSocket } = require('ws');
  const [, url, token] = process.argv;
  const socket = new WebSocket(url, { headers: { authorization: 'Bearer ' + token } });
  socket.on('message', (data) => JSON.parse(data).type === 'ready' && console.log('ready'));
  socket.on('error', () => undefined);
  socket.on('close', () => console.log('closed'));
`;

class FrozenClient {
  private said = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly server: ClusterServer,
    private readonly person: Person,
  ) {
    child.stdout?.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
  }

  static async connect(server: ClusterServer, person: Person): Promise<FrozenClient> {
    const args = ['-e', SCRIPT, `${server.url.replace('http', 'ws')}/ws/chat`, await person.token()];
    const child = spawn(process.execPath, args, { cwd: projectRoot, stdio: ['ignore', 'pipe', 'inherit'] });
    const client = new FrozenClient(child, server, person);
    await eventually(() => client.said.includes('ready'), 'a client to be connected', 20_000);
    return client;
  }

  get closed(): boolean {
    return this.said.includes('closed');
  }

  freeze(): void {
    this.child.kill('SIGSTOP');
  }
  thaw(): void {
    this.child.kill('SIGCONT');
  }

  /** As the server sees it. */
  async isConnected(): Promise<boolean> {
    const token = await this.person.token();
    const { body, status } = await this.server.api(`/ws/users/${this.person.id}/status`, { token });
    if (status !== 200) throw new Error(`the status of a user answered ${status}: ${JSON.stringify(body)}`);
    return body.connected;
  }

  end(): void {
    this.child.kill('SIGKILL');
  }
}
