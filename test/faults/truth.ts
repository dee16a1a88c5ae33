import type { Cluster, Person } from './cluster.js';
import type { Journal } from './journal.js';
import { checkJournal, faultsOf, type StoredMessage, type Truth, type Verdict } from './journal-check.js';
import { recordFigures } from './figures.js';
import { atATime } from './scale.js';

/** From here on a turn counts as forgotten, and a reader as left waiting. */
const QUIET_MS = 30_000;
/** For an end that is stored to reach its readers. */
const TELL_MS = 5000;

/**
 * Waits until nothing is under way, compares, writes the figures down, and fails with everything that is wrong.
 * @param people whose conversations they are: only their own tokens open them
 */
export async function expectSound(
  cluster: Cluster,
  journal: Journal,
  options: {
    readonly label: string;
    readonly people: readonly Person[];
    readonly quietMs?: number;
    readonly kills?: number;
    readonly takeOvers?: readonly number[];
  },
): Promise<Verdict> {
  const verdict = await judgeRun(cluster, journal, options);
  recordFigures(options.label, verdict, options);
  const faults = [...faultsOf(verdict), ...cluster.servers.flatMap((server) => server.diedByItself ?? [])];
  if (faults.length > 0) {
    const more = faults.length > 12 ? `\n… and ${faults.length - 12} more` : '';
    throw new Error(`${options.label}: ${faults.length} faults\n${faults.slice(0, 12).join('\n')}${more}`);
  }
  return verdict;
}

async function judgeRun(
  cluster: Cluster,
  journal: Journal,
  options: { readonly people: readonly Person[]; readonly quietMs?: number },
): Promise<Verdict> {
  const open = await untilQuiet(cluster, journal, options.people, options.quietMs ?? QUIET_MS);
  let verdict: Verdict;
  // What is stored may be on its way to a reader still.
  for (const giveUpAt = Date.now() + TELL_MS; ; await pause(250)) {
    verdict = checkJournal(journal, await readTruth(cluster, journal, options.people, open));
    if (verdict.waiting.length + verdict.wrong.length === 0 || Date.now() > giveUpAt) return verdict;
  }
}

/** @returns the turns that still are under way when waiting is given up */
async function untilQuiet(
  cluster: Cluster,
  journal: Journal,
  people: readonly Person[],
  ms: number,
): Promise<string[]> {
  for (const giveUpAt = Date.now() + ms; ; await pause(100)) {
    const unanswered = journal.sent.some((sent) => sent.ack === null && sent.refused === null && sent.tries < 100);
    const open = await cluster.turns(`status IN ('queued', 'running') AND principal_id = ANY ($1)`, [ids(people)]);
    if (open.length === 0 && !unanswered) return [];
    if (Date.now() > giveUpAt) return open.map((turn) => `turn ${turn.id} is ${turn.status}`);
  }
}

async function readTruth(
  cluster: Cluster,
  journal: Journal,
  people: readonly Person[],
  open: readonly string[],
): Promise<Truth> {
  const turns = new Map(
    (await cluster.turns('principal_id = ANY ($1)', [ids(people)])).map((row) => [
      row.id,
      { status: row.status, conversationId: row.conversation_id },
    ]),
  );
  const conversations = new Set<string>();
  for (const sent of journal.sent) if (sent.ack !== null) conversations.add(sent.ack.conversation_id);
  const restTurns = new Map<string, { status: string; error: { code: string } | null }>();
  const messages: StoredMessage[] = [];
  const server = cluster.servers.find((one) => one.alive);
  if (server === undefined) throw new Error('No server is up to be asked what is stored');
  const all = [...conversations];
  await atATime(8, all.length, async (n) => {
    const path = `/api/acme/conversations/${all[n]}`;
    for (const turn of await pages(server, people, `${path}/turns`)) restTurns.set(String(turn['id']), turn as never);
    messages.push(...((await pages(server, people, `${path}/messages`)) as unknown as StoredMessage[]));
  });
  return { turns, restTurns, messages, open };
}

/** All pages of a list, by whichever of the people may see it. */
async function pages(
  server: Cluster['a'],
  people: readonly Person[],
  path: string,
): Promise<Record<string, unknown>[]> {
  for (const person of people) {
    const rows: Record<string, unknown>[] = [];
    for (let cursor = ''; ;) {
      const query = `?limit=100${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
      const { status, body } = await server.api(`${path}${query}`, { token: await person.token() });
      if (status === 404) break;
      if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`);
      rows.push(...body.data);
      if (body.has_more !== true) return rows;
      cursor = body.next_cursor;
    }
  }
  return [];
}

function ids(people: readonly Person[]): string[] {
  return people.map((person) => person.id);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
