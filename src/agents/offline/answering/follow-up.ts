import type { Passage } from '#rag';
import { blocksOf, contentStems, hasStem, isStopWord, unitsOf, wordCount, wordsOf } from '#platform/text';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import { answeredBy } from '../../turn/shown-items.js';
import type { HistoryMessage } from '../../turn/turn.types.js';
import { askedFor, tells, topicOf } from './asked-for.js';
import { isLeading, type Leaning, leaningOf, withoutCorrection } from '../words/pointers.js';

/**
 * Whether a question leaves something to the one before it, judged by what the documents say:
 *
 *   the question alone ─▶ passages ─┐   does a passage exist that is as good for the question's own words as any,
 *   both together ──────▶ passages ─┴─▶ and as good for the earlier ones as any? Then they speak of one thing.
 *
 * What is carried over are those words of the earlier question that the best sentence for both has.
 */
export interface Conversation {
  readonly agent?: AgentDefinition;
  readonly question: string;
  readonly history: readonly HistoryMessage[];
  /** Without it the words alone tell. */
  readonly find?: Find;
}
type Find = (query: string) => Promise<readonly Passage[]>;

/** A question of more words of meaning says all itself. */
const MOST_WORDS = 4;
/** Of this many, and with a word that points back, it does not. */
const FEW_WORDS = 3;
/** One passage that is nearly as good for both as the best for each. */
const AGREED = 0.6;
/** Something that a base hardly knows cannot be asked alone. */
const UNKNOWN = 0.2;
/** The words of a question are covered as well as can be. */
const COVERED = 0.9;
/** How much better a question may be covered alone than with the earlier one and still belong to it. */
const SLACK = 0.1;
const NEAR_COVERED = 0.7;
/** What an answer of the kind that is asked for, and one from the document that was meant, are worth to a sentence. */
const TELLS = 0.2;
const MEANT = 0.35;
const EARLIER_SHARE = 0.5;
const LONGEST_EARLIER = 300;
/** Questions that one topic is carried through. */
const LONGEST_RUN = 4;

/** @returns the question, complete without the conversation */
export async function completed({ agent, find, history, question: asked }: Conversation): Promise<string> {
  const others = answeredByOthers(history, agent);
  const earlier = earlierQuestion(history, others);
  const question = withoutCorrection(asked);
  const said = contentStems(question);
  if (earlier === '' || said.length > MOST_WORDS + 2) return asked;
  const leaning = leaningOf(asked);
  const points = leaning.leads || leaning.standsIn;
  if (find === undefined) return points && said.length <= FEW_WORDS ? `${earlier} ${question}` : asked;
  // Beside the earlier words those of a question's frame ("how many") are told from what it is about.
  const own = topicOf(`${earlier} ${question}`).filter((word) => said.includes(word));
  if (own.length > MOST_WORDS) return asked;
  const before = topicOf(earlier).filter((word) => !own.includes(word));
  const [both, alone] = await Promise.all([find(`${earlier} ${question}`), find(asked)]);
  const passages = distinct([...both, ...alone]);
  const measures = { ...weigh(passages, { own, before }), alone: coverageOf(alone), both: coverageOf(both) };
  // Whoever corrects himself means what he asked before.
  const corrects = question !== asked.trim() && leaning.elliptical;
  // What somebody else has just answered is another topic, unless the documents know nothing of this one's own words.
  if (!corrects && own.length > 0 && measures.alone >= COVERED && others.has(lastAnswer(history) ?? -1)) return asked;
  if (!corrects && !goesOn(question, own, leaning, measures)) return asked;
  return combined({ question, earlier, own, before, leaning }, passages, await meantBy(earlier, history, find));
}

interface Measures {
  /** How much of the question's own words the best passage has: in the text found here, and by the search's measure. */
  readonly own: number;
  readonly alone: number;
  /** Of both questions together. */
  readonly both: number;
  /** 0–1: of one passage, how near it is to the best for each. */
  readonly agreement: number;
}

function goesOn(question: string, own: readonly string[], leaning: Leaning, measures: Measures): boolean {
  const { agreement, alone, both } = measures;
  const points = leaning.leads || leaning.standsIn;
  const complete = measures.own >= COVERED && agreement < 1 - AGREED;
  switch (own.length) {
    case 0:
      return true;
    case 1:
      return points || alone < COVERED || agreement >= 0.5;
    default:
      if (agreement >= AGREED && both >= alone) return true;
      if (agreement >= AGREED && (points || own.length === 2)) {
        if (both >= alone - SLACK || measures.own >= NEAR_COVERED * alone) return true;
      }
      if (own.length === 2 && alone < UNKNOWN && (points || (leaning.elliptical && wordCount(question) <= 4)))
        return true;
      if (own.length === 2 && points) return !complete;
      return points && both >= alone && !complete;
  }
}

interface Questions {
  readonly question: string;
  readonly earlier: string;
  readonly own: readonly string[];
  readonly before: readonly string[];
  readonly leaning: Leaning;
}

function combined(
  { before, earlier, leaning, own, question }: Questions,
  passages: readonly Passage[],
  meant: Meant | null,
): string {
  const asked = askedFor(question) ?? (leaning.elliptical ? askedFor(earlier) : null);
  const units = unitsIn(passages);
  // "Why?" adds nothing that the earlier words could be weighed against, "how long?" is asked of what has just been quoted.
  if (own.length === 0) {
    const quoted = meant?.cited ?? null;
    const told =
      quoted !== null && units.some(({ passage, text }) => passage.documentId === quoted.id && tells(asked, text));
    return told ? `${earlier} ${question} ${quoted.title}` : `${earlier} ${question}`;
  }
  const weight = rarityAmong(units.map(({ near, said }) => new Set([...near, ...said])));
  const has = ({ near, said }: Unit, word: string) => hasStem(said, word) || hasStem(near, word);
  const share = (unit: Unit, words: readonly string[]) => shareOf(words, (word) => has(unit, word), weight);
  const worth = (unit: Unit) =>
    share(unit, own) +
    (own.length === 1 ? 1 : EARLIER_SHARE) * share(unit, before) +
    (tells(asked, unit.text) ? TELLS : 0) +
    (meant?.documents.includes(unit.passage.documentId) === true ? MEANT : 0);
  const [best] = units.map((unit) => ({ unit, worth: worth(unit) })).sort((a, b) => b.worth - a.worth);
  const points = leaning.leads || leaning.standsIn;
  // A name stays what is spoken of, though the answer stands in another sentence than it.
  const names = points
    ? namesIn(earlier).filter((word) => before.includes(word) && units.some((unit) => has(unit, word)))
    : [];
  let carried = best === undefined ? names : before.filter((word) => has(best.unit, word) || names.includes(word));
  if (carried.length === 0 && meant !== null && leaning.standsIn) {
    // Nothing of what was asked stands beside the answer: the name of what answered it may.
    return `${question} ${meant.name}`;
  }
  if (carried.length === 0 && (leaning.standsIn || own.length !== 1 || best === undefined)) carried = [...before];
  // A name that the documents have makes no question of one whose own words they do not know.
  const known = best !== undefined && (leaning.leads || leaning.standsIn || share(best.unit, own) > 0);
  const named = known && best.unit.passage.documentId === meant?.documents[0] ? ` ${meant.name}` : '';
  if (!leaning.elliptical) return `${question} ${writtenWords(earlier, carried, askedFor(question))}${named}`.trim();
  const replaced = replacedBy(question, earlier);
  return `${kept(
    earlier,
    carried.filter((word) => !replaced.includes(word)),
    before,
  )} ${question}`;
}

/** Stems of what is written with a capital in the middle of a sentence. A figure is what the next one takes the place of. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/(?<=[^.!?:\n]\s)\p{Lu}[\p{L}'’-]+/gu)].flatMap(([word]) => contentStems(word));
}

/** "What does it cost for an adult?", "And for children?": what stood behind the same small word. */
function replacedBy(question: string, earlier: string): string[] {
  const small = lowerWords(question).find((word) => !isLeading(word));
  if (small === undefined || !isStopWord(small)) return [];
  const words = lowerWords(earlier);
  const at = words.lastIndexOf(small);
  if (at < 0) return [];
  const behind = words.slice(at + 1);
  const begin = behind.findIndex((word) => !isStopWord(word));
  const end = behind.findIndex((word, place) => place > begin && isStopWord(word));
  return begin < 0 ? [] : contentStems(behind.slice(begin, end < 0 ? undefined : end).join(' '));
}

function lowerWords(text: string): string[] {
  return wordsOf(text.toLowerCase());
}

/** The earlier question without those of its words that are not carried. */
function kept(earlier: string, carried: readonly string[], before: readonly string[]): string {
  return earlier
    .split(/\s+/)
    .filter((word) => contentStems(word).every((root) => carried.includes(root) || !before.includes(root)))
    .join(' ');
}

/** The carried words as they were written; those that ask for a price are not part of a question that asks for a time. */
function writtenWords(earlier: string, carried: readonly string[], asked: ReturnType<typeof askedFor>): string {
  const words = earlier.match(/[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu) ?? [];
  const wanted = words.filter((word) => contentStems(word).some((root) => carried.includes(root)));
  return [...new Set(wanted)].filter((word) => askedFor(word) === null || askedFor(word) === asked).join(' ');
}

/** The last question that says what it is about, with those that go on from it. */
function earlierQuestion(history: readonly HistoryMessage[], others: ReadonlySet<number>): string {
  const asked = history.flatMap(({ content, role }, at) => {
    const read = content.slice(0, LONGEST_EARLIER);
    return role === 'user' && contentStems(read).length > 0 ? [{ question: read, elsewhere: others.has(at + 1) }] : [];
  });
  // "Do you ship to Norway?", "how much is it?", "and by express?": all that goes on from the first is about it.
  const run: string[] = [];
  for (const { elsewhere, question } of asked.toReversed()) {
    if (elsewhere && run.length > 0) break;
    run.unshift(question);
    const { elliptical, leads, standsIn } = leaningOf(question);
    const topic = topicOf(question).length;
    const points = leads || standsIn;
    const leans = run.length === 1 ? topic <= 1 || (points && topic <= 2) : topic <= 2 && (points || elliptical);
    if (!leans || run.length >= LONGEST_RUN) break;
  }
  return run.join(' ');
}

/** Places of the answers that only other agents gave. */
function answeredByOthers(history: readonly HistoryMessage[], agent: AgentDefinition | undefined): ReadonlySet<number> {
  if (agent === undefined) return new Set();
  return new Set(
    history.flatMap((message, at) => {
      const { agents } = message.metadata;
      return Array.isArray(agents) && agents.length > 0 && !answeredBy(message, agent.key) ? [at] : [];
    }),
  );
}

/** The place of the last answer that an agent gave; a word of thanks in between takes nobody's place. */
function lastAnswer(history: readonly HistoryMessage[]): number | undefined {
  return history
    .flatMap(({ metadata: { agents } }, at) => (Array.isArray(agents) && agents.length > 0 ? [at] : []))
    .at(-1);
}

interface Meant {
  readonly documents: readonly string[];
  readonly name: string;
  /** What the last answer quoted first; null where it quoted nothing. */
  readonly cited: { readonly id: string; readonly title: string } | null;
}

/** What the earlier question is about: what is found for it; where nothing is, what the last answer was taken from. */
async function meantBy(earlier: string, history: readonly HistoryMessage[], find: Find): Promise<Meant | null> {
  const [found] = await find(earlier);
  const cited = citedOf(history);
  if (found === undefined) return cited;
  return { documents: [found.documentId], name: nameOf(found), cited: cited?.cited ?? null };
}

function nameOf({ section, title }: { readonly title: string; readonly section: string | null }): string {
  const own = section?.split(' > ').at(-1) ?? '';
  return own === '' || own === title ? title : `${title} ${own}`;
}

function citedOf(history: readonly HistoryMessage[]): Meant | null {
  const citations = history.findLast(({ role }) => role === 'assistant')?.metadata['citations'];
  const first: unknown = Array.isArray(citations) ? citations[0] : undefined;
  if (typeof first !== 'object' || first === null) return null;
  const { document_id: documentId, section, title } = first as Record<string, unknown>;
  if (typeof documentId !== 'string' || typeof title !== 'string') return null;
  const name = nameOf({ title, section: typeof section === 'string' ? section : null });
  return { documents: [documentId], name, cited: { id: documentId, title } };
}

function weigh(passages: readonly Passage[], { before, own }: { own: readonly string[]; before: readonly string[] }) {
  const texts = passages.map(
    ({ content, section, title }) => new Set(contentStems(`${title} ${section ?? ''} ${content}`)),
  );
  const weight = rarityAmong(texts);
  const shares = texts.map((words) => ({
    own: shareOf(own, (word) => hasStem(words, word), weight),
    before: shareOf(before, (word) => hasStem(words, word), weight),
  }));
  const best = {
    own: Math.max(0, ...shares.map((one) => one.own)),
    before: Math.max(0, ...shares.map((one) => one.before)),
  };
  const agreement = shares.map((one) =>
    best.own * best.before === 0 ? 0 : (one.own / best.own) * (one.before / best.before),
  );
  return { own: best.own, agreement: Math.max(0, ...agreement) };
}

interface Unit {
  readonly passage: Passage;
  readonly text: string;
  readonly said: ReadonlySet<string>;
  /** Words of the headings above it. */
  readonly near: ReadonlySet<string>;
}

function unitsIn(passages: readonly Passage[]): Unit[] {
  return passages.flatMap((passage) => {
    const blocks = blocksOf(passage.content);
    return unitsOf(blocks).map(({ block, text }) => ({
      passage,
      text,
      said: new Set(contentStems(text)),
      near: new Set(contentStems(`${passage.title} ${passage.section ?? ''} ${blocks[block]?.heading ?? ''}`)),
    }));
  });
}

function rarityAmong(texts: readonly ReadonlySet<string>[]): (word: string) => number {
  const known = new Map<string, number>();
  return (word) => {
    const weight =
      known.get(word) ??
      Math.log(1 + (texts.length + 1) / (texts.filter((words) => hasStem(words, word)).length + 0.5));
    known.set(word, weight);
    return weight;
  };
}

function shareOf(words: readonly string[], has: (word: string) => boolean, weight: (word: string) => number): number {
  const sum = (some: readonly string[]) => some.reduce((total, word) => total + weight(word), 0);
  return words.length === 0 ? 0 : sum(words.filter(has)) / sum(words);
}

function distinct(passages: readonly Passage[]): Passage[] {
  return [...new Map(passages.map((passage) => [passage.chunkId, passage])).values()];
}

function coverageOf(passages: readonly Passage[]): number {
  return Math.max(0, ...passages.map(({ coverage }) => coverage));
}
