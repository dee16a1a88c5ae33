import type { AgentDefinition } from '../../catalog/agent.types.js';
import type { ClassifyRequest } from '../../steps/intent-classifier.js';
import { lastAgentsOf } from '../../turn/awaiting.js';
import type { RecordCatalog } from '#rag';
import { asksElsewhere } from '../matching/asks-elsewhere.js';
import { AgentScorer } from './agent-scores.js';
import { pointedAt } from '../matching/pointed-at.js';
import { type Said, saidWishes } from '../matching/said-wishes.js';

/** More than half of what a message says is in the records: then it asks for them, whatever the examples are. */
const MOSTLY = 0.6;
/** Documents that cover this much of a message are what it asks about. */
const COVERED = 0.65;
/** A message of so few words is covered by any document that has them. */
const BRIEF = 2;
/** Less of a message than this is in them by chance. */
const PARTLY = 0.3;

export interface RecordsClaim {
  readonly agent: AgentDefinition;
  /** True: goes on from the list that this agent showed last. */
  readonly goesOn: boolean;
  readonly said: Said;
}

/** The matching agent whose records have what a message speaks of; null: none. */
export async function claimOfRecords(request: ClassifyRequest): Promise<RecordsClaim | null> {
  const { history } = request;
  const last = lastAgentsOf(history);
  const claims = await readByRecords(request);
  const current = claims.find(({ agent }) => last.includes(agent.key));
  if (current !== undefined && (isFollowUp(current.said) || pointsAt(current, request))) {
    return { ...current, goesOn: true };
  }
  // "And for employers?" goes on with what was said last, whatever value has a word like it.
  if (last.length > 0 && claims.every(({ said }) => said.goesOn && !said.firm)) return null;
  const [best] = claims.sort((a, b) => b.said.understood - a.said.understood);
  const [only] = claims;
  // "as an astronaut": nothing is understood, and still it is plain who should say that there is none.
  const plain = only !== undefined && (only.said.seeks || only.said.describes) && !only.said.explains;
  if (claims.length === 1 && plain && only.said.understood < PARTLY) {
    return { ...only, goesOn: false };
  }
  if (best === undefined || best.said.understood < PARTLY) return null;
  return { ...best, goesOn: false };
}

/** Each matching agent with the message as its records understand it. */
async function readByRecords({ agents, records, text }: ClassifyRequest) {
  if (records === undefined) return [];
  const read = await Promise.all(
    agents
      .filter(({ kind }) => kind === 'matching')
      .map(async (agent) => {
        const catalog = await records(agent);
        return catalog === null ? [] : [{ agent, catalog, said: saidWishes(text, catalog, agent) }];
      }),
  );
  return read.flat();
}

/** Values of a wish that a model is shown. */
const MOST_HELD = 3;

/** What the records of matching agents have of a message, by the agents' keys, for a model that routes. */
export async function holdingsOf(request: ClassifyRequest): Promise<ReadonlyMap<string, readonly string[]>> {
  const read = await readByRecords(request);
  return new Map(
    read.map(({ agent, said }) => {
      const tests = said.wishes.flatMap(({ anyOf, not }) => (not ? [] : anyOf));
      const values = tests.flatMap((test) => (test.kind === 'values' ? test.values.slice(0, MOST_HELD) : []));
      return [agent.key, [...new Set(values)].slice(0, 4 * MOST_HELD)];
    }),
  );
}

/**
 * Whether records that have what is asked for outweigh documents that speak of it.
 * @param coverage of the message by the documents, 0–1
 */
export async function outweighsDocuments({ said }: RecordsClaim, coverage: () => Promise<number>): Promise<boolean> {
  const { describes, explains, length, understood } = said;
  if (!explains && describes) return (await coverage()) < COVERED;
  if (explains || understood < PARTLY) return false;
  if (length <= BRIEF && understood >= MOSTLY) return true;
  return (await coverage()) < (understood >= MOSTLY ? COVERED : understood);
}

/** Asks about one that was shown. */
function pointsAt(
  { agent, catalog, said }: { agent: AgentDefinition; catalog: RecordCatalog; said: Said },
  { history, text }: ClassifyRequest,
): boolean {
  return pointedAt({ agent, catalog, history, text }, said).listed !== null;
}

function isFollowUp({ explains, further, goesOn, order, pick, understood }: Said): boolean {
  if (explains) return false;
  return further || pick !== null || order !== null || understood >= MOSTLY || (goesOn && understood > 0);
}

/** A question of how something is done, or whether, that names nothing the agent's records have: it is about the service. */
export async function asksAboutService(agent: AgentDefinition, { records, text }: ClassifyRequest): Promise<boolean> {
  const catalog = agent.kind === 'matching' ? ((await records?.(agent)) ?? null) : null;
  if (catalog === null) return false;
  const { explains, namesThings, order, wishes } = saidWishes(text, catalog, agent);
  return explains && !namesThings && order === null && wishes.every(({ role }) => role === 'hint');
}

/**
 * The matching agent that should say that something can only be asked by another persona: a search, as the hidden agent's
 * examples are, for what that one calls its records.
 */
export async function asksOthersRecords(request: ClassifyRequest): Promise<AgentDefinition | null> {
  const { agents, others = [], text } = request;
  const hidden = others.filter(({ kind }) => kind === 'matching');
  if (hidden.length === 0) return null;
  for (const { agent, catalog, said } of await readByRecords(request)) {
    if (said.explains || !asksElsewhere(text, agent, hidden, catalog)) continue;
    const [best] = (await AgentScorer.of([...agents, ...hidden])).score(text, null);
    if (best !== undefined && best.standing >= 1 && [...hidden, agent].includes(best.agent)) return agent;
  }
  return null;
}
