import { contentStems, fold, stem } from '#platform/text';
import type { AgentDefinition } from '../../catalog/agent.types.js';

/** Words that stand for whatever somebody has, by language; folded. "My item arrived broken" is said of every item. */
const ANY_THING: Readonly<Record<'en' | 'es' | 'de', string>> = {
  en: 'item items article articles product products goods thing things purchase parcel package object device',
  es: 'articulo articulos producto productos cosa cosas compra objeto aparato',
  de: 'artikel produkt produkte ware waren sache sachen ding dinge gegenstand gegenstande gerat gerate',
};
const STANDS_FOR_ANY = new Set(Object.values(ANY_THING).flatMap((words) => words.split(' ').map(stem)));

/** What is left of an example without the thing it is about must be a statement of some kind: "arrived broken". */
const FEWEST_COMMON = 2;

/**
 * The example of an agent that says of anything what the question says of one thing, which the documents need not know:
 * "My item arrived broken" for "my kettle arrived broken". The question has all that the example says of it, and not more
 * other words than that.
 * @returns null when there is none
 */
export function exampleOf(question: string, { examples }: AgentDefinition): string | null {
  const asked = new Set(contentStems(question));
  const fitting = examples.flatMap((example) => {
    const all = [...new Set(contentStems(example))];
    const said = all.filter((one) => !STANDS_FOR_ANY.has(one));
    const common = said.filter((one) => asked.has(one)).length;
    const general = said.length < all.length && common === said.length && common >= FEWEST_COMMON;
    return general && asked.size > common && asked.size <= 2 * common ? [{ example, common }] : [];
  });
  return fitting.sort((a, b) => b.common - a.common)[0]?.example ?? null;
}

interface Synonym {
  readonly stems: readonly string[];
  readonly instead: string;
}

const MOST_SYNONYMS = 500;
const LONGEST_PHRASE = 6;
const known = new WeakMap<AgentDefinition, readonly Synonym[]>();

/** The question in the words of the agent's documents: what its tenant says means the same (`settings.synonyms`). */
export function inTenantsWords(question: string, agent: AgentDefinition): string {
  const synonyms = known.get(agent) ?? synonymsOf(agent.settings['synonyms']);
  known.set(agent, synonyms);
  if (synonyms.length === 0) return question;
  const words = Array.from(question.matchAll(/[\p{L}\p{N}]+/gu), ({ 0: word, index }) => {
    return { stem: stem(fold(word)), at: index, end: index + word.length };
  });
  let written = '';
  let end = 0;
  for (let place = 0; place < words.length; place++) {
    const said = synonyms.find(({ stems }) => stems.every((one, offset) => words[place + offset]?.stem === one));
    const [first, last] = [words[place], words[place + (said?.stems.length ?? 0) - 1]];
    if (said === undefined || first === undefined || last === undefined) continue;
    written += question.slice(end, first.at) + said.instead;
    end = last.end;
    place += said.stems.length - 1;
  }
  return written + question.slice(end);
}

/** Longest first. A tenant's own words: what is no list of lists of words counts as none. */
function synonymsOf(setting: unknown): Synonym[] {
  if (!Array.isArray(setting)) return [];
  const groups = setting.map((group): string[] =>
    Array.isArray(group) ? group.filter((word): word is string => typeof word === 'string' && word.trim() !== '') : [],
  );
  return groups
    .flatMap(([instead = '', ...others]) => others.map((other) => ({ stems: stemsIn(other), instead: instead.trim() })))
    .filter(({ stems }) => stems.length > 0 && stems.length <= LONGEST_PHRASE)
    .sort((a, b) => b.stems.length - a.stems.length)
    .slice(0, MOST_SYNONYMS);
}

function stemsIn(text: string): string[] {
  return (text.match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => stem(fold(word)));
}
