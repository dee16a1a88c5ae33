import type { RecordCatalog } from '#rag';
import { topicStems } from '#platform/text';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import { wordsFor } from './matching-words.js';
import { saysNothing, type Token, tokensOf } from './message-tokens.js';

/** Words behind "my" that still belong to it: "my open vacancy". */
const REACH = 3;

/**
 * Whether a message asks for what only another persona's agent looks for: its objects are called as that agent's examples
 * call theirs, and none as this agent's do.
 */
export function asksElsewhere(
  text: string,
  agent: AgentDefinition,
  others: readonly AgentDefinition[],
  catalog: RecordCatalog,
): boolean {
  if (others.length === 0) return false;
  const own = objectsOf(agent);
  const foreign = new Set(others.flatMap((other) => [...objectsOf(other)]));
  const isForeign = (word: string): boolean => foreign.has(word) && !own.has(word) && isThing(word);
  const named = [...freeStems(text, isForeign)].filter((word) => !catalog.containing.has(word));
  return named.some(isForeign) && !named.some((word) => own.has(word) && isThing(word));
}

const objects = new WeakMap<AgentDefinition, ReadonlySet<string>>();

function objectsOf(agent: AgentDefinition): ReadonlySet<string> {
  let found = objects.get(agent);
  if (found === undefined) {
    found = new Set([agent.description, ...agent.examples].flatMap((line) => [...freeStems(line)]));
    objects.set(agent, found);
  }
  return found;
}

const things = new Set<string>();

function isThing(word: string): boolean {
  if (things.size === 0) for (const thing of wordsFor('things')) for (const own of topicStems(thing)) things.add(own);
  return things.has(word);
}

/** Words that nobody owns: of "candidates for my open vacancy", and of "candidates for a Python job", the candidates. */
function freeStems(text: string, isSought?: (word: string) => boolean): Set<string> {
  const { tokens } = tokensOf(text);
  const sought = isSought === undefined ? -1 : tokens.findIndex(({ stem }) => isSought(stem));
  const purpose = sought < 0 ? -1 : tokens.findIndex(({ breaks, word }, at) => at > sought && !breaks && FOR.has(word));
  return new Set(
    tokens.flatMap((token, at) => {
      const serves = purpose >= 0 && at > purpose && at <= purpose + REACH + 1;
      return serves || isOwned(tokens, at) || saysNothing(token) ? [] : [token.stem];
    }),
  );
}

const FOR = new Set(['for', 'para', 'fur', 'als', 'as', 'como']);

function isOwned(tokens: readonly Token[], at: number): boolean {
  for (let back = 1; back <= REACH && at - back >= 0; back++) {
    const before = tokens[at - back];
    if (before === undefined || tokens[at - back + 1]?.breaks === true) return false;
    if (wordsFor('possessed').has(before.word)) return true;
    // "the employer’s vacancy"
    if (before.word === 's' && tokens[at - back - 1]?.end === before.start - 1) return true;
    // "for the job that I posted"
    if (before.word === 'the' && /^(?:for|of|to)$/.test(tokens[at - back - 1]?.word ?? '')) return true;
  }
  return false;
}
