import type { RecordCatalog, Wish, Wishes } from '#rag';
import { detectLanguage, isStopWord, stem, topicStems } from '#platform/text';
import { areUsual, isBare, isInterjection, isKnownWord, soughtness } from './sought.js';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import { isQuantity, NUMBER_WORDS, ORDINALS, wordsFor } from './matching-words.js';
import { phraseAt, phraseBefore, saysNothing, type Token, tokensOf } from './message-tokens.js';
import { askedFields, asksAboutIt } from './asked-fields.js';
import { fieldFor, leastOf, numberWishes } from './number-wishes.js';
import {
  compoundHead,
  corrected,
  isConcept,
  isSlipOf,
  type Meaning,
  meaningOf,
  otherPhrases,
  wholeMeaningOf,
} from './vocabulary.js';

/** What one message asks for, by itself. */
export interface Said extends Wishes {
  /** "only those", "and in …?": goes on from what was asked before. */
  readonly goesOn: boolean;
  /** "which of these" */
  readonly ofThese: boolean;
  readonly startsAnew: boolean;
  /** "Show me others", "more jobs": what was not shown yet. */
  readonly further: boolean;
  /** Asks about one that was shown ("what does it pay?"), if it asks for fields at all. */
  readonly about: boolean;
  /** Fields that it asks for, if it is about one record. */
  readonly asked: readonly string[];
  /** It names what it looks for ("jobs", "flats"), so it can stand alone. */
  readonly namesThings: boolean;
  /** "How do I …", "Can I …": asks how something is done, or whether. */
  readonly explains: boolean;
  /** Words. */
  readonly length: number;
  /** It says of what it seeks what one does there, in words that no field has: "jobs where I can be outside". */
  readonly describes: boolean;
  /** It says what it seeks, if only by "as a …". */
  readonly seeks: boolean;
  /** The share of its content that is a wish, 0–1; 0 when it has none. */
  readonly understood: number;
  /** Something of it is a whole value, a title or a number of the records, and not merely a part of a value. */
  readonly firm: boolean;
}

/** Words that one value may have in a message. */
const LONGEST_VALUE = 5;
/** Each record is held against each wish, and each unknown word against all that are known: nobody means more. */
const MOST_WISHES = 30;
const MOST_SLIPS = 30;
/** Content words up to which a message is nothing but its wish: "accountant", "Japanese for beginners". */
const SHORT = 3;

/** Reads a message by the records' own values and by the words that people ask with. */
export function saidWishes(message: string, catalog: RecordCatalog, agent: AgentDefinition): Said {
  const read = tokensOf(message);
  const { text, tokens } = read;
  const used = new Set<number>();
  const order = orderIn(tokens, catalog, used);
  const denied = negations(tokens);
  const words = thingWords(agent);
  const pick = pickIn(read, { catalog, used, words });
  const numbers = numberWishes(read, catalog, (field) => demandOf(agent, field), used);
  const more = moreIn(tokens, used);
  const found = valuesIn(tokens, { catalog, detected: detectLanguage(text, ''), used, words });
  const flags = flagsIn(tokens, catalog, used, denied);
  const negated = (at: number) => denied.has(at);
  const wishes: Wish[] = [...numbers.wishes, ...flags];
  for (const { at, end, meaning, reversed } of found) {
    const topical = meaning.topical;
    wishes.push({
      said: text.slice(tokens[at]?.start ?? 0, tokens[end - 1]?.end ?? 0),
      role: topical ? 'topic' : 'attribute',
      not: negated(at) !== reversed,
      anyOf: meaning.tests,
    });
  }
  wishes.push(...noneOfIn(tokens, catalog, denied, used));
  const count = countIn(tokens, numbers.free, { used, words });
  const met = wishes.filter(({ anyOf }) => anyOf.length > 0).length;
  const left = leftIn(tokens, { catalog, denied: new Set(), used, words }).length;
  const described = describedIn(read, { catalog, used, words });
  wishes.push(...described, ...unknownIn(read, wishes, { catalog, denied, used, words }));
  const nothingNew = order === null && wishes.every(({ role }) => role === 'hint');
  const further = more.some(
    (at) => nothingNew || wordsFor('things').has(tokens[at]?.word ?? '') || words.has(tokens[at]?.stem ?? ''),
  );
  const names = tokens.some(
    (token, at) =>
      (words.has(token.stem) || wordsFor('things').has(token.word)) &&
      phraseBefore(tokens, at, wordsFor('infinitive')) === 0,
  );
  // Words of the examples may be what is asked of one: "pays", "remote".
  const named = tokens.some(({ word }) => wordsFor('things').has(word));
  const seekable = wishes.some(({ anyOf, not, role }) => role === 'topic' && !not && anyOf.length > 0);
  return {
    wishes: united(wishes).slice(0, MOST_WISHES),
    further,
    about: pick === null && !further && !seekable && !named && asksAboutIt(tokens, text),
    asked: askedFields(tokens, catalog, wishes),
    count,
    order,
    pick,
    goesOn: goesOnFrom(tokens),
    ofThese: tokens.some(({ word }) => wordsFor('ofThese').has(word)),
    // "Something else" is more of the same when nothing else is said.
    startsAnew: !(further && nothingNew) && tokens.some((_, at) => phraseAt(tokens, at, wordsFor('startsAnew')) > 0),
    explains: phraseAt(tokens, 0, wordsFor('explains')) > 0,
    describes: described.length > 0,
    length: tokens.length,
    seeks: wishes.some(({ role }) => role === 'topic') && asks(tokens, words),
    firm: numbers.wishes.length > 0 || flags.length > 0 || found.some(({ meaning }) => !meaning.partial),
    understood: met === 0 ? 0 : met / (met + left),
    namesThings: names,
  };
}

interface Found {
  readonly at: number;
  readonly end: number;
  readonly meaning: Meaning;
  /** "unfurnished" */
  readonly reversed: boolean;
}

interface Reading {
  readonly catalog: RecordCatalog;
  readonly used: Set<number>;
  /** Stems that every message to this agent may hold. */
  readonly words: ReadonlySet<string>;
}

/** The longest runs of words that the records have, from left to right. */
function valuesIn(tokens: readonly Token[], reading: Reading & { readonly detected: string }): Found[] {
  const { catalog, used } = reading;
  const found: Found[] = [];
  // What is repeated in a message is looked up once.
  const known = new Map<string, Meaning | null>();
  const slips = new Map<string, string | null>();
  for (let at = 0; at < tokens.length; at++) {
    for (let length = Math.min(LONGEST_VALUE, tokens.length - at); length > 0; length--) {
      const run = tokens.slice(at, at + length);
      if (run.some((token, index) => used.has(at + index) || (index > 0 && token.breaks))) continue;
      const key = run.map(({ raw, start }) => (start === 0 ? `^${raw}` : raw)).join(' ');
      const meaning = known.has(key) ? (known.get(key) ?? null) : meaningOfRun(run, reading);
      known.set(key, meaning);
      if (meaning === null || isPassing(run, meaning, tokens.length)) continue;
      found.push({ at, end: at + length, meaning, reversed: false });
      for (let place = at; place < at + length; place++) used.add(place);
      at += length - 1;
      break;
    }
  }
  // Misspelled and compound words, once it is plain which words are none.
  for (const [at, token] of tokens.entries()) {
    if (used.has(at) || !isContent(token, reading.words) || isStopWord(token.word)) continue;
    let meant = slips.get(token.word);
    if (meant === undefined && slips.size >= MOST_SLIPS) continue;
    if (meant === undefined) {
      meant =
        (isKnownWord(token) ? null : corrected(catalog, token.word)) ??
        (reading.detected === 'de' ? compoundHead(catalog, token.word) : null);
      slips.set(token.word, meant);
    }
    if (meant === null) continue;
    const behind = tokens[at + 1];
    const instead = { ...token, word: meant, stem: stem(meant) };
    // "custommer support" is one value.
    const pair = behind !== undefined && !behind.breaks ? meaningOf(catalog, [instead, behind]) : null;
    const meaning = pair ?? meaningOf(catalog, [instead]);
    if (meaning === null) continue;
    used.add(at);
    const joins = pair !== null && behind !== undefined;
    if (joins) {
      used.add(at + 1);
      const alone = found.findIndex((one) => one.at === at + 1);
      if (alone >= 0) found.splice(alone, 1);
    }
    found.push({ at, end: joins ? at + 2 : at + 1, meaning, reversed: false });
  }
  return found.sort((a, b) => a.at - b.at);
}

function meaningOfRun(run: readonly Token[], { catalog, words }: Reading): Meaning | null {
  const [first] = run;
  const last = run.at(-1);
  if (first === undefined || last === undefined) return null;
  if (run.length === 1) {
    if (saysNothing(first) || (first.number !== null && first.raw.length < 2)) return null;
    // "work" is no skill because somebody works at height.
    const usual = !isContent(first, words);
    return meaningOf(catalog, run, usual);
  }
  const whole = wholeMeaningOf(catalog, run);
  // "at once" is made of words that say nothing, and is a value all the same.
  if (whole !== null) return whole;
  const edges = [first, last].every((token) => isContent(token, words) && !saysNothing(token));
  return edges && run.every((token) => token.number === null) ? meaningOf(catalog, run) : null;
}

/** A common word that is also a part of some company's name is not meant as that, unless it is written as a name. */
function isPassing(run: readonly Token[], { partial, topical }: Meaning, length: number): boolean {
  const [first] = run;
  const BRIEF = 4;
  return (
    partial &&
    !topical &&
    run.length === 1 &&
    length > BRIEF &&
    first !== undefined &&
    first.raw === first.raw.toLowerCase()
  );
}

function isContent({ word, stem: own, number }: Token, words: ReadonlySet<string>): boolean {
  if (number !== null) return false;
  return !wordsFor('filler').has(word) && !wordsFor('things').has(word) && !words.has(own);
}

const THINGS = new WeakMap<AgentDefinition, ReadonlySet<string>>();

/** What an agent's own description and examples call its records and how they ask. */
function thingWords(agent: AgentDefinition): ReadonlySet<string> {
  let words = THINGS.get(agent);
  if (words === undefined) {
    words = new Set([agent.name, agent.description, ...agent.examples].flatMap((line) => topicStems(line)));
    THINGS.set(agent, words);
  }
  return words;
}

/** Places that a "no" reaches: up to the end of the clause. */
function negations(tokens: readonly Token[]): Set<number> {
  const denied = new Set<number>();
  for (let at = 0; at < tokens.length; at++) {
    const length = phraseAt(tokens, at, wordsFor('not'));
    if (length === 0 || isBound(tokens, at)) continue;
    const next = tokens[at + length];
    // "not only …"
    if (next !== undefined && wordsFor('goesOn').has(next.word) && next.word !== 'the') continue;
    for (let place = at + length; place < tokens.length; place++) {
      const token = tokens[place];
      if (
        denied.has(place) ||
        token === undefined ||
        (token.breaks && place > at + length) ||
        wordsFor('but').has(token.word)
      )
        break;
      denied.add(place);
    }
    at += length - 1;
  }
  return denied;
}

/** "no more than 900" limits and denies nothing. */
function isBound(tokens: readonly Token[], at: number): boolean {
  return phraseAt(tokens, at, wordsFor('atMost')) > 0 || phraseAt(tokens, at, wordsFor('atLeast')) > 0;
}

/** Fields that are true or false, by their names: "furnished", "no pets", "unfurnished". */
function flagsIn(
  tokens: readonly Token[],
  catalog: RecordCatalog,
  used: Set<number>,
  denied: ReadonlySet<number>,
): Wish[] {
  const said = new Set<string>();
  return tokens.flatMap((token, at): Wish[] => {
    if (used.has(at)) return [];
    for (const { kind, name, words } of catalog.fields) {
      if (kind !== 'flag' || said.has(name)) continue;
      const own = words.filter((word) => !wordsFor('filler').has(word) && word.length > 2);
      const synonyms = new Set([token.stem, ...otherPhrases(token.stem).map(stem)]);
      const named = own.some((word) => synonyms.has(word));
      const undone = /^(?:un|non)/.test(token.word) && own.includes(stem(token.word.replace(/^(?:un|non)/, '')));
      if (!named && !undone) continue;
      used.add(at);
      said.add(name);
      const value = undone === denied.has(at);
      return [{ said: token.raw, role: 'attribute', not: false, anyOf: [{ kind: 'flag', field: name, value }] }];
    }
    return [];
  });
}

/** "no experience": the least of what the field counts. */
function noneOfIn(
  tokens: readonly Token[],
  catalog: RecordCatalog,
  denied: ReadonlySet<number>,
  used: Set<number>,
): Wish[] {
  return tokens.flatMap((token, at): Wish[] => {
    if (used.has(at) || !denied.has(at)) return [];
    const test = leastOf(catalog, token.stem);
    if (test === null) return [];
    used.add(at);
    return [{ said: `no ${token.raw}`, role: 'attribute', not: false, anyOf: [test] }];
  });
}

/** "two people", "List eight vacancies", "the one job": how many are wanted. */
function countIn(
  tokens: readonly Token[],
  free: readonly { readonly at: number; readonly value: number }[],
  { used, words }: Pick<Reading, 'used' | 'words'>,
): number | null {
  const MOST = 50;
  for (const { at, value } of free) {
    if (value < 1 || value > MOST || !Number.isInteger(value)) continue;
    const token = tokens[at];
    const before = tokens[at - 1];
    if (token === undefined) continue;
    if (
      value === 1 &&
      token.number === null &&
      !(before !== undefined && ['the', 'only', 'just', 'exactly', 'nur', 'solo'].includes(before.word))
    )
      continue;
    const behind = tokens.slice(at + 1, at + 4);
    const counted = behind.some(
      (next, index) =>
        !behind.slice(0, index + 1).some(({ breaks }) => breaks) &&
        (words.has(next.stem) || wordsFor('things').has(next.word) || used.has(at + 1 + index)),
    );
    if (counted || (behind.length === 0 && before !== undefined && !isContent(before, words))) return value;
  }
  return null;
}

/** Words of a message that is about one of a list. */
const LONGEST_PICK = 20;
const NUMBERED = /^(?:number|nr|nummer|numero|option|opcion)$/;
const NTH = /^(?:st|nd|rd|th)$/;

/** "the second one", "number 3", "#3", "the last one, what does it pay?"; not "my second trip", "the first floor". */
function pickIn(
  { text, tokens }: { readonly text: string; readonly tokens: readonly Token[] },
  { catalog, used, words }: Reading,
): number | null {
  if (tokens.length > LONGEST_PICK) return null;
  for (const [at, token] of tokens.entries()) {
    const before = token.breaks ? undefined : tokens[at - 1];
    const nth = token.number !== null && tokens[at + 1]?.start === token.end && NTH.test(tokens[at + 1]?.word ?? '');
    const signed = before !== undefined && NUMBERED.test(before.word);
    if (
      token.number !== null &&
      Number.isInteger(token.number) &&
      token.number > 0 &&
      (signed || nth || text[token.start - 1] === '#')
    ) {
      used.add(at);
      if (nth) used.add(at + 1);
      return token.number;
    }
    const place = ORDINALS.get(token.word) ?? (wordsFor('last').has(token.word) ? -1 : null);
    if (place === null) continue;
    const free = before === undefined || wordsFor('definite').has(before.word) || wordsFor('goesOn').has(before.word);
    const next = tokens[at + 1];
    const alone =
      next === undefined ||
      next.breaks ||
      wordsFor('things').has(next.word) ||
      words.has(next.stem) ||
      isStopWord(next.word) ||
      catalog.containing.get(next.stem)?.some(({ field }) => field.kind === 'title') === true;
    if (!free || !alone) continue;
    used.add(at);
    return place;
  }
  return null;
}

/** "others", "some more": the places behind such words, which are no wish themselves. */
function moreIn(tokens: readonly Token[], used: Set<number>): number[] {
  const behind: number[] = [];
  for (let at = 0; at < tokens.length; at++) {
    if (used.has(at) || isBound(tokens, at) || phraseAt(tokens, at, wordsFor('orMore')) > 1) continue;
    const length = phraseAt(tokens, at, wordsFor('more'));
    if (length === 0) continue;
    for (let place = at; place < at + length; place++) used.add(place);
    behind.push(at + length);
    at += length - 1;
  }
  return behind;
}

const ORDERS = [
  { words: 'cheapest', of: ['price', 'wage', 'money'], descending: false },
  { words: 'dearest', of: ['price', 'wage', 'money'], descending: true },
  { words: 'bestPaid', of: ['wage', 'money', 'price'], descending: true },
  { words: 'largest', of: ['area'], descending: true },
  { words: 'smallest', of: ['area'], descending: false },
  { words: 'newest', of: ['year'], descending: true },
  { words: 'oldest', of: ['year'], descending: false },
] as const;

function orderIn(tokens: readonly Token[], catalog: RecordCatalog, used: Set<number>): Wishes['order'] {
  for (const { descending, of, words } of ORDERS) {
    for (let at = 0; at < tokens.length; at++) {
      const length = phraseAt(tokens, at, wordsFor(words));
      // "newer than 2018" is a bound.
      if (length === 0 || phraseAt(tokens, at, wordsFor('atLeast')) > 0 || phraseAt(tokens, at, wordsFor('atMost')) > 0)
        continue;
      const field = fieldFor(catalog, of);
      if (field === null) continue;
      for (let place = at; place < at + length; place++) used.add(place);
      return { field, descending };
    }
  }
  return null;
}

/** What a bare number bounds, by the agent's own criteria: an offer is to reach a wish, a demand is not to exceed it. */
function demandOf(agent: AgentDefinition, field: string): 'at least' | 'at most' | null {
  const { criteria } = agent.settings;
  if (!Array.isArray(criteria)) return null;
  for (const criterion of criteria as readonly unknown[]) {
    if (typeof criterion !== 'object' || criterion === null) continue;
    const { kind, wishing, wishField, offerField, demanding, recordField } = criterion as Record<string, unknown>;
    if (kind === 'at_most' && wishing === 'profile' && offerField === field) return 'at least';
    if (kind === 'at_most' && wishing === 'record' && wishField === field) return 'at most';
    if (kind === 'at_least' && recordField === field) return demanding === 'profile' ? 'at least' : 'at most';
  }
  return null;
}

/**
 * What is sought and no record resembles, and what is only heard in passing. A word that no record has is sought where it
 * stands as what is sought stands: "as a beekeeper", "astronaut jobs", "a cabriolet", "with a garden". Anywhere else, and
 * where it is a word that everybody uses, it is meant by the meaning alone, and nothing lacks it.
 */
function unknownIn(
  { text, tokens }: { readonly text: string; readonly tokens: readonly Token[] },
  known: readonly Wish[],
  { catalog, denied, used, words }: Reading & { readonly denied: ReadonlySet<number> },
): Wish[] {
  const wishes: Wish[] = [];
  const left = leftIn(tokens, { catalog, denied, used, words });
  const isLeft = (at: number): boolean => left.includes(at);
  const isThing = (token: Token): boolean => words.has(token.stem) || wordsFor('things').has(token.word);
  const content = left.length + known.length;
  const topics = known.filter(({ not, role }) => role === 'topic' && !not);
  for (let index = 0; index < left.length; index++) {
    const at = left[index];
    if (at === undefined) continue;
    let end = at + 1;
    while (isLeft(end) && tokens[end]?.breaks === false) {
      end++;
      index++;
    }
    const run = tokens.slice(at, end);
    const [first] = run;
    if (first === undefined || isInterjection(tokens, { at, end })) continue;
    const said = text.slice(first.start, run.at(-1)?.end ?? 0);
    const unknown = (role: Wish['role']): Wish => ({ said, role, not: false, anyOf: [] });
    const position = soughtness(tokens, { at, end }, isThing);
    const usual = !isConcept(run) && areUsual(run, position);
    if (position === 'placed' && (isConcept(run) || (!usual && (isName(run) || known.length > 0)))) {
      wishes.push(unknown('attribute'));
      continue;
    }
    const spoken = spokenOf(run, said, catalog);
    const asRole = position === 'as';
    const soughtHere = asRole || position === 'wanted' || position === 'sought' || position === 'named';
    // "a room with a piano": a feature that no field has, perhaps a text.
    const feature = isFeature(tokens, at) && (!usual || spoken !== null);
    if (feature || (spoken !== null && soughtHere && known.length > 0 && !asRole)) {
      wishes.push({ ...(spoken ?? unknown('attribute')), role: 'attribute' });
      continue;
    }
    const short = content <= SHORT && tokens.length <= SHORT * 3;
    const alone = topics.length === 0 && wishes.every(({ role }) => role !== 'topic');
    const stated =
      soughtHere ||
      (short &&
        (position === 'bare' ||
          (position === 'placed' && isBare(tokens, isThing)) ||
          (spoken !== null && position !== 'done')));
    // Of one's own teacher nobody looks for another.
    if (asRole || (alone && stated && !usual && !isOwned(tokens, at))) {
      wishes.push(asRole ? unknown('topic') : (spoken ?? unknown('topic')));
      continue;
    }
    for (const token of run) {
      const hint = spokenOf([token], token.raw, catalog);
      wishes.push({ ...(hint ?? { said: token.raw, not: false, anyOf: [] }), role: 'hint' });
    }
  }
  // "Something with people" is no search for people, where those are not what the records are.
  for (const [at, token] of tokens.entries()) {
    const own = words.has(token.stem) || used.has(at) || denied.has(at) || left.includes(at);
    if (!own && wordsFor('things').has(token.word) && isFeature(tokens, at)) {
      wishes.push({ said: token.raw, role: 'hint', not: false, anyOf: [] });
    }
  }
  return wishes;
}

/**
 * "Jobs where I talk to people all day": a clause about what is sought of which no field has a word is meant as a whole, by its
 * meaning. Its words alone would be nobody's wish.
 */
function describedIn(
  { text, tokens }: { readonly text: string; readonly tokens: readonly Token[] },
  { catalog, used, words }: Reading,
): Wish[] {
  return tokens.flatMap((thing, at): Wish[] => {
    const sought =
      words.has(thing.stem) || wordsFor('things').has(thing.word) || wordsFor('indefinite').has(thing.word);
    const length = sought ? phraseAt(tokens, at + 1, wordsFor('describing')) : 0;
    if (length === 0) return [];
    const begin = at + 1 + length;
    const ended = tokens.findIndex(({ breaks }, place) => place > begin && breaks);
    const end = ended < 0 ? tokens.length : ended;
    const clause = tokens.slice(begin, end);
    const [first, last] = [clause[0], clause.at(-1)];
    if (first === undefined || last === undefined || clause.every(({ word }) => isStopWord(word))) return [];
    if (clause.some((_, place) => used.has(begin + place))) return [];
    for (let place = at + 1; place < end; place++) used.add(place);
    const fields = catalog.fields.filter(({ kind }) => kind === 'text').map(({ name }) => name);
    const telling = clause.filter(
      (token) => catalog.textStems.has(token.stem) && !isUsual(token) && !areUsual([token], 'named'),
    );
    return [
      {
        said: text.slice(first.start, last.end),
        role: 'hint',
        not: false,
        anyOf: telling.map((token) => ({ kind: 'text', fields, stem: token.stem })),
        described: true,
      },
    ];
  });
}

/** Written as a name, and no longer than one. */
function isName(run: readonly Token[]): boolean {
  const LONGEST_NAME = 2;
  const [first] = run;
  return first !== undefined && first.raw !== first.raw.toLowerCase() && run.length <= LONGEST_NAME;
}

/** The records' texts, where they hold all of the words. */
function spokenOf(run: readonly Token[], said: string, catalog: RecordCatalog): Wish | null {
  const [first] = run;
  if (first === undefined || !run.every((token) => catalog.textStems.has(token.stem))) return null;
  const fields = catalog.fields.filter(({ kind }) => kind === 'text').map(({ name }) => name);
  const longest = run.reduce((best, token) => (token.stem.length > best.stem.length ? token : best), first);
  return { said, role: 'topic', not: false, anyOf: [{ kind: 'text', fields, stem: longest.stem }] };
}

function isOwned(tokens: readonly Token[], at: number): boolean {
  return tokens.slice(Math.max(0, at - 2), at).some(({ word }) => wordsFor('possessed').has(word));
}

function isFeature(tokens: readonly Token[], at: number): boolean {
  const REACH = 2;
  const before = tokens.slice(Math.max(0, at - REACH), at);
  // "with my family" is no feature.
  if (tokens[at]?.breaks === true || isOwned(tokens, at)) return false;
  return before.some(
    ({ word }, index) => wordsFor('with').has(word) && !before.slice(index + 1).some(({ breaks }) => breaks),
  );
}

/** Places of the words that may mean something and were not understood. */
function leftIn(
  tokens: readonly Token[],
  { catalog, denied, used, words }: Reading & { readonly denied: ReadonlySet<number> },
): number[] {
  const names = new Set(catalog.fields.flatMap((field) => field.words));
  return tokens.flatMap((token, at) => {
    const open = !used.has(at) && !denied.has(at) && token.word.length > 1;
    const means = open && isContent(token, words) && !isSpelledLike(token.stem, names);
    return means && !saysNothing(token) && !isUsual(token) ? [at] : [];
  });
}

/** "expirience" is the field's name all the same. */
function isSpelledLike(own: string, names: ReadonlySet<string>): boolean {
  const SURE = 6;
  return names.has(own) || (own.length >= SURE && [...names].some((name) => isSlipOf(own, name)));
}

function isUsual({ word }: Token): boolean {
  return (
    isStopWord(word) ||
    NUMBER_WORDS.has(word) ||
    isQuantity(word) ||
    ORDINALS.has(word) ||
    (['not', 'but', 'goesOn', 'startsAnew', 'placed', 'sought', 'possessed', 'atLeast', 'atMost'] as const).some(
      (kind) => wordsFor(kind).has(word),
    )
  );
}

function asks(tokens: readonly Token[], words: ReadonlySet<string>): boolean {
  return tokens.some(
    (token, at) =>
      phraseAt(tokens, at, wordsFor('as')) > 1 || words.has(token.stem) || wordsFor('things').has(token.word),
  );
}

function goesOnFrom(tokens: readonly Token[]): boolean {
  const OPENING = 2;
  return (
    tokens.slice(0, OPENING).some((_, at) => phraseAt(tokens, at, wordsFor('goesOn')) > 0) ||
    tokens.some(({ word }) => wordsFor('ofThese').has(word) || wordsFor('pointing').has(word))
  );
}

/** "Berlin or Munich" is one wish, as is "not in Berlin or Munich"; skills are as many as they are. */
function united(wishes: readonly Wish[]): Wish[] {
  const result: Wish[] = [];
  for (const wish of wishes) {
    const [test] = wish.anyOf;
    const alike =
      wish.role === 'attribute' && wish.anyOf.length === 1 && test?.kind === 'values'
        ? result.findIndex(
            (other) =>
              other.not === wish.not &&
              other.role === 'attribute' &&
              other.anyOf.length === 1 &&
              other.anyOf[0]?.kind === 'values' &&
              other.anyOf[0].field === test.field,
          )
        : -1;
    const other = result[alike];
    if (other === undefined) result.push(wish);
    else result[alike] = { ...other, said: `${other.said}, ${wish.said}`, anyOf: [...other.anyOf, ...wish.anyOf] };
  }
  return result;
}
