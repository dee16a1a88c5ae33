import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StandInBody } from '../support/openai-standin.js';
import { Cluster } from './cluster.js';
import { recordMeasures } from './figures.js';
import { question } from './provider.js';
import { scaled } from './scale.js';
import { ToolServer } from './tool-server.js';
import { within, type World } from './world.js';

/** Calls that a kill caught between the tool's answer and its recording: a run counts when it has so many. */
const CAUGHT = scaled(1, 300);
const MOST_ROUNDS = scaled(6, 150);
/** In every round, of each kind of tool as many. */
const TURNS = 10;
const LATEST_KILL_MS = 30;
const ROUND_MS = 60_000;
const AGENTS = { idempotent: 'booker', otherwise: 'payer' } as const;
type Kind = keyof typeof AGENTS;

interface Storm {
  readonly label: string;
  readonly kinds: readonly Kind[];
  /** A turn that is started again words its arguments differently. */
  readonly reworded: boolean;
}

/**
 * RELIABILITY 2: the server dies between a tool's answer and the moment when that is written down. The other one takes the
 * turn over: what may be repeated is, under its old name, and what may not be is said to be in doubt.
 */
describe('a tool that changes something, whose server is killed as it answers,', () => {
  let tools: ToolServer;
  let cluster: Cluster;
  beforeAll(async () => {
    tools = await ToolServer.start();
    cluster = await Cluster.start({ leaseSeconds: 2, env: { OUTBOUND_ALLOW: tools.address } });
    await makeAgents(cluster, tools);
    answerExtraction(cluster);
  }, 120_000);
  afterEach(() => cluster.restore());
  afterAll(async () => {
    await cluster?.stop();
    await tools?.stop();
  });

  it(
    'is called again only where it is declared idempotent, and then under the same key',
    () =>
      within(cluster, (world) =>
        storm(world, { label: 'tool effects', kinds: ['idempotent', 'otherwise'], reworded: false }),
      ),
    MOST_ROUNDS * ROUND_MS,
  );

  it(
    'is not called again when the model words its arguments differently the second time',
    () =>
      within(cluster, (world) =>
        storm(world, { label: 'tool effects, other words', kinds: ['idempotent', 'otherwise'], reworded: true }),
      ),
    MOST_ROUNDS * ROUND_MS,
  );

  async function storm(world: World, { kinds, label, reworded }: Storm): Promise<void> {
    const kills: { server: string; at: number }[] = [];
    const turns: ToolTurn[] = [];
    let caught = 0;
    let rounds = 0;
    for (; rounds < MOST_ROUNDS && (rounds < 2 || caught < CAUGHT); rounds++) {
      const [victim, other] = rounds % 2 === 0 ? [cluster.a, cluster.b] : [cluster.b, cluster.a];
      const writer = await world.socket(`writer ${rounds}`, victim, other);
      tools.hold();
      const sent = Array.from({ length: TURNS }, (_, n) => {
        const kind = kinds[n % kinds.length]!;
        const nonce = `${reworded ? 'reworded' : 'same'}-${rounds}-${n}`;
        return { kind, nonce, message: writer.say(question('steadily', nonce), { agent: AGENTS[kind] }) };
      });
      await tools.held(TURNS, 20_000);
      await tools.release();
      await sleep(randomInt(LATEST_KILL_MS + 1));
      await victim.kill();
      kills.push({ server: victim.name, at: Date.now() });
      const back = victim.start();
      try {
        for (const { kind, message, nonce } of sent) {
          const { turn_id } = await writer.acked(message);
          const { frame } = (await writer.done(turn_id, 30_000)).dones[0]!;
          const how = frame['status'] === 'failed' ? String(frame['error']?.code) : String(frame['status']);
          const recorded = await isRecorded(cluster, turn_id);
          turns.push({ kind, nonce, how, recorded });
          if (!recorded || tools.callsOf(nonce).length > 1) caught++;
        }
      } finally {
        await back;
      }
      cluster.provider.prune();
    }
    const verdict = await world.sound(label, { kills: kills.length, takeOvers: cluster.provider.takeOvers(kills) });
    const repeated = turns.filter(({ nonce }) => tools.callsOf(nonce).length > 1).length;
    const inDoubt = turns.filter(({ how }) => how === 'TOOL_ERROR').length;
    recordMeasures(label, { rounds, turns: turns.length, caught, repeated, 'in doubt': inDoubt });
    expect(turns.flatMap((turn) => faultsOf(turn, tools, reworded))).toEqual([]);
    expect(verdict.sent).toBe(TURNS * rounds);
    expect(caught).toBeGreaterThanOrEqual(CAUGHT);
  }
});

interface ToolTurn {
  readonly kind: Kind;
  readonly nonce: string;
  /** `completed`, or the code that it failed with. */
  readonly how: string;
  /** The tool's answer is written down, by whichever server. */
  readonly recorded: boolean;
}

function faultsOf({ how, kind, nonce, recorded }: ToolTurn, tools: ToolServer, reworded: boolean): string[] {
  const calls = tools.callsOf(nonce);
  const keys = new Set(calls.map(({ key }) => key));
  const faults: string[] = [];
  if (tools.doneFor(nonce).size !== 1) faults.push(`${nonce}: was done ${tools.doneFor(nonce).size} times`);
  if (keys.size !== 1 || keys.has('undefined')) faults.push(`${nonce}: its calls had ${keys.size} keys`);
  if ((reworded || kind === 'otherwise') && calls.length !== 1)
    faults.push(`${nonce}: was called ${calls.length} times`);
  if (!reworded && kind === 'idempotent' && !recorded) faults.push(`${nonce}: was not written down`);
  // What is written down is used, unless it is not sure that it is what is asked for now; all else is in doubt, and said so.
  const due = recorded ? ['completed', ...(reworded ? ['TOOL_ERROR'] : [])] : ['TOOL_ERROR'];
  if (!due.includes(how)) faults.push(`${nonce}: ended with ${how} in place of ${due.join(' or ')}`);
  return faults;
}

async function isRecorded({ database }: Cluster, turnId: string): Promise<boolean> {
  const sql = `SELECT 1 FROM app.tool_call WHERE turn_id = $1 AND status <> 'succeeded'`;
  return (await database.query(sql, [turnId])).rows.length === 0;
}

async function makeAgents(cluster: Cluster, tools: ToolServer): Promise<void> {
  for (const kind of Object.keys(AGENTS) as Kind[]) {
    const key = AGENTS[kind];
    const { id } = await cluster.admin('tools', {
      key: `${key}_tool`,
      name: 'Book',
      description: 'Books what the reference names',
      input_schema: {
        type: 'object',
        properties: { reference: { type: 'string' }, note: { type: 'string' } },
        required: ['reference', 'note'],
      },
      config: { method: 'POST', url: `http://${tools.address}/${key}`, timeout_ms: 60_000 },
      read_only: false,
      idempotent: kind === 'idempotent',
    });
    await cluster.admin('agents', { key, kind: 'domain', name: key, description: 'Books', tool_ids: [id] });
  }
}

/** The arguments come from a model, which is free to say the same in other words when a turn is started again. */
function answerExtraction({ provider }: Cluster): void {
  const asked = new Map<string, number>();
  provider.standIn.onStructured('entities', (body: StandInBody) => {
    const reference = /nonce:([\w-]+)/.exec(JSON.stringify(body.messages?.at(-1)))?.[1] ?? '';
    const times = (asked.get(reference) ?? 0) + 1;
    asked.set(reference, times);
    const note = reference.startsWith('reworded') ? `as wished, in wording ${times}` : 'as wished';
    return {
      values: [
        { name: 'reference', value: reference },
        { name: 'note', value: note },
      ],
    };
  });
}
