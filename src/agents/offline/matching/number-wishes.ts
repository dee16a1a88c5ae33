import type { CatalogField, RecordCatalog, Wish, WishTest } from '#rag';
import { stem } from '#platform/text';
import { NUMBER_WORDS, quantityWords, wordsFor } from './matching-words.js';
import type { Quantity } from './matching-words.types.js';
import { phraseAt, phraseBefore, type Token } from './message-tokens.js';

export interface NumberFindings {
  readonly wishes: readonly Wish[];
  /** Numbers that are no field's, with their places: how many are wanted, perhaps. */
  readonly free: readonly { readonly at: number; readonly value: number }[];
}

const QUANTITIES: readonly Quantity[] = ['money', 'wage', 'price', 'distance', 'area', 'month', 'week', 'hour', 'year'];
const PERIODS: readonly Quantity[] = ['month', 'week', 'hour', 'year'];
const MONEY: readonly Quantity[] = ['money', 'wage', 'price'];
/** Words that say which end of a range a field is. */
const ENDS: ReadonlySet<string> = new Set(['min', 'max', 'minimum', 'maximum', 'from', 'to', 'low', 'high'].map(stem));

/** A field of numbers, or the two that are one range (`salary_min`, `salary_max`). */
interface Measure {
  readonly lower: CatalogField;
  readonly upper: CatalogField;
  /** Words of its name that are no quantity. */
  readonly own: readonly string[];
  readonly quantities: ReadonlySet<Quantity>;
  readonly min: number;
  readonly max: number;
}

const measured = new WeakMap<RecordCatalog, readonly Measure[]>();

export function measuresOf(catalog: RecordCatalog): readonly Measure[] {
  const known = measured.get(catalog);
  if (known !== undefined) return known;
  const groups = new Map<string, CatalogField[]>();
  for (const field of catalog.fields) {
    if (field.kind !== 'number') continue;
    const base = field.words.filter((word) => !ENDS.has(word)).join(' ');
    groups.set(base === '' ? field.name : base, [...(groups.get(base === '' ? field.name : base) ?? []), field]);
  }
  const measures = [...groups.values()].flatMap((fields) => {
    const sorted = [...fields].sort((a, b) => a.min + a.max - (b.min + b.max));
    const pairs = sorted.length === 2 ? [[sorted[0], sorted[1]]] : sorted.map((field) => [field, field]);
    return pairs.flatMap(([lower, upper]) =>
      lower === undefined || upper === undefined ? [] : [measure(lower, upper)],
    );
  });
  measured.set(catalog, measures);
  return measures;
}

function measure(lower: CatalogField, upper: CatalogField): Measure {
  const words = lower.words.filter((word) => !ENDS.has(word));
  const quantityOf = (word: string) => QUANTITIES.filter((quantity) => stemsOf(quantity).has(word));
  return {
    lower,
    upper,
    own: words.filter((word) => quantityOf(word).length === 0),
    quantities: new Set(words.flatMap(quantityOf)),
    min: Math.min(lower.min, upper.min),
    max: Math.max(lower.max, upper.max),
  };
}

const stems = new Map<Quantity, ReadonlySet<string>>();

function stemsOf(quantity: Quantity): ReadonlySet<string> {
  let found = stems.get(quantity);
  if (found === undefined) stems.set(quantity, (found = new Set([...quantityWords(quantity)].map(stem))));
  return found;
}

interface Bounds {
  readonly gte?: number;
  readonly lte?: number;
}

/** Words on either side of a number that may say what it measures. */
const BESIDE = 4;
/** Numbers of a message that are looked at. */
const MOST_NUMBERS = 40;
const ENOUGH = 2;

/**
 * The numbers of a message as bounds on the records' fields.
 * @param demand which end a bare number is of, by the agent's own criteria; null: by the kind of field
 * @param consumed gets the places of the words that are part of it
 */
export function numberWishes(
  { text, tokens }: { readonly text: string; readonly tokens: readonly Token[] },
  catalog: RecordCatalog,
  demand: (field: string) => 'at least' | 'at most' | null,
  consumed: Set<number>,
): NumberFindings {
  const wishes: Wish[] = [];
  const free: { at: number; value: number }[] = [];
  let seen = 0;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined || consumed.has(at)) continue;
    let value = token.number ?? NUMBER_WORDS.get(token.word) ?? null;
    if (value === null) continue;
    if (++seen > MOST_NUMBERS) break;
    let end = at + 1;
    const scaled = tokens[end];
    if (scaled !== undefined && isThousand(scaled, text)) {
      value *= 1000;
      end++;
    }
    const range = rangeFrom(text, tokens, { at, end, value });
    const bounds = boundsOf(text, tokens, { at, end });
    const stop = range?.end ?? end;
    const found = measureFor(text, tokens, catalog, { at, end: stop, value: range?.bounds.lte ?? value });
    if (found === null) {
      if (range === null && bounds.given === 0) free.push({ at, value });
      continue;
    }
    const { factor, measure: chosen } = found;
    const asked = range?.bounds ?? inDirection(value, bounds.direction, chosen, demand);
    const first = at - (range === null ? bounds.before : range.before);
    const last = stop + (range === null ? bounds.behind : 0);
    for (let place = first; place < last; place++) consumed.add(place);
    const unit = tokens[last];
    const units = unit !== undefined && isUnitOf(chosen, unit);
    if (units) consumed.add(last);
    const said = text.slice(tokens[first]?.start ?? 0, tokens[units ? last : last - 1]?.end ?? text.length).trim();
    wishes.push(...toWishes(chosen, asked, { factor, said }));
    at = last - 1;
  }
  return { wishes, free };
}

function isThousand(token: Token, text: string): boolean {
  return wordsFor('thousand').has(token.word) && !/[\n.,]/.test(text.slice(token.start - 1, token.start));
}

/** "between 50 and 60 thousand", "500-700". */
function rangeFrom(
  text: string,
  tokens: readonly Token[],
  first: { readonly at: number; readonly end: number; readonly value: number },
): {
  readonly bounds: { readonly gte: number; readonly lte: number };
  readonly end: number;
  readonly before: number;
} | null {
  const opening = phraseBefore(tokens, first.at, wordsFor('between'));
  const joint = tokens[first.end];
  const previous = tokens[first.end - 1];
  if (joint === undefined || previous === undefined) return null;
  const dashed = joint.number !== null && /^\s*[-–]\s*[€$£]?\s*$/.test(text.slice(previous.end, joint.start));
  const linked = opening > 0 && wordsFor('and').has(joint.word);
  const at = dashed ? first.end : first.end + 1;
  const second = dashed || linked ? tokens[at] : undefined;
  const upper = second?.number ?? null;
  if (second === undefined || upper === null) return null;
  const behind = tokens[at + 1];
  const thousands = behind !== undefined && isThousand(behind, text);
  const lte = thousands ? upper * 1000 : upper;
  const gte = thousands && first.value < 1000 ? first.value * 1000 : first.value;
  return gte > lte ? null : { bounds: { gte, lte }, end: thousands ? at + 2 : at + 1, before: opening };
}

interface Direction {
  readonly direction: 'at least' | 'at most' | null;
  readonly before: number;
  readonly behind: number;
  /** How many words or signs say so. */
  readonly given: number;
}

function boundsOf(
  text: string,
  tokens: readonly Token[],
  { at, end }: { readonly at: number; readonly end: number },
): Direction {
  const start = tokens[at]?.start ?? 0;
  const sign = /([<>≤≥])=?\s*[€$£]?\s*$/u.exec(text.slice(Math.max(0, start - 6), start))?.[1];
  if (sign !== undefined) {
    return { direction: sign === '>' || sign === '≥' ? 'at least' : 'at most', before: 0, behind: 0, given: 1 };
  }
  const least = phraseBefore(tokens, at, wordsFor('atLeast'));
  const most = phraseBefore(tokens, at, wordsFor('atMost'));
  // A unit may stand between: "3 rooms or more".
  const places = [end, end + 1];
  const behind = (kind: 'orMore' | 'orLess') =>
    places.map((place) => {
      const length = phraseAt(tokens, place, wordsFor(kind));
      return length === 0 ? 0 : place - end + length;
    });
  const more = Math.max(...behind('orMore'));
  const less = Math.max(...behind('orLess'));
  const plus = /^\s?\+/.test(text.slice(tokens[end - 1]?.end ?? 0));
  if (least > most) return { direction: 'at least', before: least, behind: more, given: 1 };
  if (most > 0) return { direction: 'at most', before: most, behind: less, given: 1 };
  if (more > 0 || plus) return { direction: 'at least', before: 0, behind: more, given: 1 };
  if (less > 0) return { direction: 'at most', before: 0, behind: less, given: 1 };
  return { direction: null, before: 0, behind: 0, given: 0 };
}

function measureFor(
  text: string,
  tokens: readonly Token[],
  catalog: RecordCatalog,
  { at, end, value }: { readonly at: number; readonly end: number; readonly value: number },
): { readonly measure: Measure; readonly factor: number } | null {
  const beside = [...tokens.slice(Math.max(0, at - BESIDE), at), ...tokens.slice(end, end + BESIDE)];
  const near = new Set(beside.map((token) => token.stem));
  const next = tokens[end]?.stem;
  const around = text.slice(Math.max(0, (tokens[at]?.start ?? 0) - 2), (tokens[end - 1]?.end ?? 0) + 2);
  const money = /[€$£]/.test(around);
  const said = new Set(QUANTITIES.filter((quantity) => [...stemsOf(quantity)].some((word) => near.has(word))));
  if (money) said.add('money');
  const scaled = isScaled(text, tokens, at, end);
  const spelled = tokens[at]?.number === null;
  let best: { measure: Measure; factor: number } | null = null;
  let most = ENOUGH - 1;
  for (const measure of measuresOf(catalog)) {
    const named = measure.own.filter((word) => near.has(word)).length;
    // "three rooms", but not "which one pays best"
    if (spelled && !countsFollowing(measure, next)) continue;
    const whole = named === measure.own.length;
    let score = named * 2;
    for (const quantity of said) {
      if (!measure.quantities.has(quantity)) continue;
      // "12 years" alone is nobody's experience.
      if (!PERIODS.includes(quantity) || whole) score += 2;
    }
    const isMoney = MONEY.some((quantity) => measure.quantities.has(quantity));
    if (isMoney && (said.has('money') || scaled || MONEY.some((quantity) => said.has(quantity)))) score += 2;
    if (!isMoney && (money || said.has('money'))) score -= 3;
    const yearlike =
      Number.isInteger(value) && value >= 1900 && value <= 2100 && measure.min >= 1900 && measure.max <= 2100;
    if (yearlike) score += 2;
    const factor = factorFor(measure, said, value);
    const fits = value * factor >= measure.min * 0.3 && value * factor <= measure.max * 3;
    score += fits ? 1 : -2;
    if (score > most) [best, most] = [{ measure, factor }, score];
  }
  if (best !== null) return best;
  // A number with a bound that only one field can hold.
  const bounded = boundsOf(text, tokens, { at, end }).given > 0;
  const fitting = measuresOf(catalog).filter(({ max, min }) => value >= min * 0.5 && value <= max * 1.5);
  const [only] = fitting;
  return bounded && !spelled && fitting.length === 1 && only !== undefined ? { measure: only, factor: 1 } : null;
}

/** Whether the word behind a spelled number is what the field counts. */
function countsFollowing({ own, quantities }: Measure, next: string | undefined): boolean {
  if (next === undefined) return false;
  if (own.length > 0) return own.includes(next);
  return [...quantities].some((quantity) => !MONEY.includes(quantity) && stemsOf(quantity).has(next));
}

function isScaled(text: string, tokens: readonly Token[], at: number, end: number): boolean {
  return tokens.slice(at + 1, end).some((token) => isThousand(token, text));
}

/** What is said a month, of a field that counts a year, and the other way round. */
const A_YEAR: Readonly<Partial<Record<Quantity, number>>> = { month: 12, week: 52, hour: 1800, year: 1 };

function factorFor(measure: Measure, said: ReadonlySet<Quantity>, value: number): number {
  if (value >= measure.min * 0.3 && value <= measure.max * 3) return 1;
  if (!MONEY.some((quantity) => measure.quantities.has(quantity))) return 1;
  const own = PERIODS.find((period) => measure.quantities.has(period)) ?? 'year';
  const asked = PERIODS.find((period) => said.has(period) && !measure.quantities.has(period));
  return asked === undefined ? 1 : (A_YEAR[asked] ?? 1) / (A_YEAR[own] ?? 1);
}

function inDirection(
  value: number,
  said: Direction['direction'],
  measure: Measure,
  demand: (field: string) => 'at least' | 'at most' | null,
): Bounds {
  const direction = said ?? demand(measure.upper.name) ?? demand(measure.lower.name) ?? usual(measure);
  if (direction === 'at least') return { gte: value };
  return direction === 'at most' ? { lte: value } : { gte: value, lte: value };
}

/** People want a wage of at least so much, and to pay and drive at most so much; three rooms are three. */
function usual({ quantities }: Measure): Direction['direction'] {
  if (quantities.has('wage')) return 'at least';
  if (quantities.has('price') || quantities.has('money') || quantities.has('distance')) return 'at most';
  return quantities.has('area') ? 'at least' : null;
}

function toWishes(
  { lower, upper }: Measure,
  { gte, lte }: Bounds,
  { factor, said }: { readonly factor: number; readonly said: string },
): Wish[] {
  const wish = (test: WishTest): Wish => ({ said, role: 'attribute', not: false, anyOf: [test] });
  if (lower === upper) {
    const bounds = {
      ...(gte === undefined ? {} : { gte: gte * factor }),
      ...(lte === undefined ? {} : { lte: lte * factor }),
    };
    return [wish({ kind: 'range', field: lower.name, ...bounds })];
  }
  // A range reaches a wished sum when its upper end does, and keeps to a limit when its lower one does.
  return [
    ...(gte === undefined ? [] : [wish({ kind: 'range', field: upper.name, gte: gte * factor })]),
    ...(lte === undefined ? [] : [wish({ kind: 'range', field: lower.name, lte: lte * factor })]),
  ];
}

function isUnitOf({ own, quantities }: Measure, token: Token): boolean {
  return (
    own.includes(token.stem) || [...quantities, 'money' as const].some((quantity) => stemsOf(quantity).has(token.stem))
  );
}

/** The field that a kind of quantity is measured by; of wages the most that is offered. */
export function fieldFor(catalog: RecordCatalog, quantities: readonly Quantity[]): string | null {
  for (const quantity of quantities) {
    const found = measuresOf(catalog).find((one) => one.quantities.has(quantity));
    if (found !== undefined) return quantity === 'wage' ? found.upper.name : found.lower.name;
  }
  return null;
}

/** "no experience": the least of a field that is named. */
export function leastOf(catalog: RecordCatalog, named: string): WishTest | null {
  const found = measuresOf(catalog).find(({ own }) => own.includes(named));
  return found === undefined ? null : { kind: 'range', field: found.lower.name, lte: Math.max(0, found.lower.min) };
}
