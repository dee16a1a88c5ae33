import { foldInPlace } from '#platform/text';
import * as chrono from 'chrono-node';
import { addDays, type Day, daysBetween, dayOf, nearestYear, wallClock } from './calendar.js';
import { baseOf, type DateWords, wordsOfLanguage } from './words/index.js';

export interface DateSpan {
  /** Its place in the text. */
  readonly at: number;
  readonly end: number;
  /** What it means, likeliest first: several when countries read it differently; none for a time, a month, "now". */
  readonly days: readonly Day[];
  /** HH:MM, when it was said. */
  readonly time: string | null;
  /** There is one way to read it, and it names a day rather than a week. */
  readonly sure: boolean;
}

export interface DateOptions {
  readonly today: Date;
  /** IANA: whose day "tomorrow" is counted from. */
  readonly timeZone: string;
  /** BCP 47, of the message; with a country where the tenant's settings name one. Empty: only ISO dates are read. */
  readonly language: string;
}

/** Chrono's own languages. */
const PARSERS: Readonly<Record<string, { readonly casual: chrono.Chrono }>> = {
  ...{ ar: chrono.ar, de: chrono.de, en: chrono.en, es: chrono.es, fi: chrono.fi, fr: chrono.fr, id: chrono.id },
  ...{ it: chrono.it, ja: chrono.ja, nl: chrono.nl, pt: chrono.pt, ru: chrono.ru, sv: chrono.sv, uk: chrono.uk },
  ...{ vi: chrono.vi, zh: chrono.zh },
};

const ISO = /(?<![\d.,/-])(\d{4})-(\d{1,2})-(\d{1,2})(?![\d]|[.,/-]\d)/g;
const NUMERIC = /(?<![\d.,/-])(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?!\d|[.,/-]\d)/g;
/** "am 3.4." and "3 Mai", which chrono does not read. */
const DAY_MONTH = /(?:^\s*|\b(?:am|vom|bis|zum|ab|seit|den|der)\s+)(\d{1,2})\.(\d{1,2})\.?(?!\d|[.,:/-]\d)/giu;
const DAY_NAME = /(?<![\p{L}\p{N}.,/-])(\d{1,2})\.?\s?(\p{L}{3,10})\b\.?(?:\s(\d{4}))?/gu;
const ONLY_A_WEEKDAY = /^\p{Script=Latin}{1,3}\.?$/u;

/**
 * The dates that a text names, in order. Numbers are read here, words by chrono in the language of the message.
 * `text` is expected without runs of white space, and not longer than rules read.
 */
export function datesIn(text: string, options: DateOptions): DateSpan[] {
  const now = wallClock(options.today, options.timeZone);
  const today = dayOf(now.year, now.month, now.day) ?? '1970-01-01';
  const found: DateSpan[] = [...isoDates(text)];
  const add = (spans: Iterable<DateSpan>) => {
    for (const span of spans) if (!found.some((known) => overlap(known, span))) found.push(span);
  };
  const base = baseOf(options.language);
  const parser = Object.hasOwn(PARSERS, base) ? PARSERS[base] : undefined;
  if (parser !== undefined) {
    const words = wordsOfLanguage(base)?.dates ?? null;
    const read = (words?.none ?? []).reduce(
      (rest, none) => rest.replace(none, (match) => ' '.repeat(match.length)),
      text,
    );
    add(numericDates(text, options.language, words));
    // What was blanked may still be a day of its own, such as "esta mañana".
    if (words !== null) add(ownWords(text, today, words));
    // Its clock is this process's, so it is handed the tenant's wall clock as if it were that.
    const clock = new Date(now.year, now.month - 1, now.day, now.hour, now.minute);
    for (const result of parser.casual.parse(read, clock, { forwardDate: true })) {
      add(spansOf(result, { read, today, words }));
    }
    if (words !== null) add([...found].flatMap((span) => [...beginning(span, text, words)]));
  }
  return found.sort((a, b) => a.at - b.at);
}

function* isoDates(text: string): Generator<DateSpan> {
  for (const match of text.matchAll(ISO)) {
    const day = dayOf(Number(match[1]), Number(match[2]), Number(match[3]));
    if (day !== null) yield { ...placeOf(match), days: [day], time: null, sure: true };
  }
}

/** With points the day comes first everywhere; otherwise the country decides, and where nobody tells, both are possible. */
function* numericDates(text: string, language: string, words: DateWords | null): Generator<DateSpan> {
  for (const match of text.matchAll(NUMERIC)) {
    const [first, second] = [Number(match[1]), Number(match[3])];
    const year = Number(match[4]) + ((match[4] ?? '').length === 2 ? 2000 : 0);
    const dayFirst = dayOf(year, second, first);
    const monthFirst = dayOf(year, first, second);
    const said = match[2] === '.' ? true : daysComeFirst(language, words);
    const inOrder = said === false ? [monthFirst, dayFirst] : [dayFirst, monthFirst];
    const days = [...new Set(inOrder.filter((day) => day !== null))];
    const decided = days.length <= 1 || said !== null;
    yield { ...placeOf(match), days: decided ? days.slice(0, 1) : days, time: null, sure: decided };
  }
}

/** Null: countries of this language differ, and none is named. */
function daysComeFirst(language: string, words: DateWords | null): boolean | null {
  try {
    const locale = new Intl.Locale(language);
    if (locale.region === undefined && words?.orderByCountry === true) return null;
    const order = new Intl.DateTimeFormat(locale).formatToParts(0).map(({ type }) => type);
    return order.indexOf('day') < order.indexOf('month');
  } catch {
    return null;
  }
}

function* ownWords(text: string, today: Day, words: DateWords): Generator<DateSpan> {
  const folded = foldInPlace(text);
  for (const [name, days] of Object.entries(words.days)) {
    for (const match of folded.matchAll(new RegExp(`(?<![\\p{L}\\p{N}])${name}(?![\\p{L}\\p{N}])`, 'gu'))) {
      yield { ...placeOf(match), days: [addDays(today, days)], time: null, sure: true };
    }
  }
  if (words.months === null) return;
  for (const match of folded.matchAll(DAY_NAME)) {
    const month = Object.hasOwn(words.months, match[2] ?? '') ? words.months[match[2] ?? ''] : undefined;
    if (month === undefined) continue;
    const day =
      match[3] === undefined
        ? nearestYear(today, month, Number(match[1]))
        : dayOf(Number(match[3]), month, Number(match[1]));
    if (day !== null) yield { ...placeOf(match), days: [day], time: null, sure: true };
  }
  for (const match of folded.matchAll(DAY_MONTH)) {
    const day = nearestYear(today, Number(match[2]), Number(match[1]));
    if (day !== null) yield { ...placeOf(match), days: [day], time: null, sure: true };
  }
}

interface Scene {
  readonly read: string;
  readonly today: Day;
  readonly words: DateWords | null;
}

function* spansOf(result: chrono.ParsedResult, { read, today, words }: Scene): Generator<DateSpan> {
  const { index: at, text } = result;
  const end = at + text.length;
  // Chrono knows no letters beyond ASCII at a word's edge: "früh" is no Friday.
  if (/\p{L}$/u.test(read.slice(0, at)) && /^\p{L}/u.test(text)) return;
  if (/^\p{L}/u.test(read.slice(end)) && /\p{L}$/u.test(text)) return;
  const { start } = result;
  const tags = start.tags();
  const aimed = words === null || words.direction.test(text) || words.ago?.test(read.slice(0, at)) === true;
  if (tags.has('result/relativeDate') && /\d|\s/.test(text) && !aimed) return;
  const time = start.isCertain('hour') ? `${pad(start.get('hour'))}:${pad(start.get('minute'))}` : null;
  const nothing = { at, end, days: [], time, sure: false };
  if (tags.has('casualReference/now') || tags.has('result/relativeDateAndTime')) return yield nothing;
  const weekday = start.isCertain('weekday') && !start.isCertain('day');
  if (!weekday && !start.isCertain('day')) return yield nothing;
  // "I sat in the sun" names no day of the week, unless it is all that was said.
  if (weekday && ONLY_A_WEEKDAY.test(text) && read.trim().length > text.length + 2) return;
  const day = dayIn(start, today);
  if (day === null) return yield nothing;
  const numeric = !/\p{L}/u.test(text) && !start.isCertain('year');
  const sure = !numeric && words?.stretch.test(text) !== true;
  const shifted = past(day, { weekday, today, words, around: read.slice(at, end + 12), before: read.slice(0, at) });
  const last = result.end?.isCertain('day') === true ? dayIn(result.end, today) : null;
  if (last === null) return yield { at, end, days: [shifted], time, sure };
  const middle = at + Math.max(1, Math.floor(text.length / 2));
  yield { at, end: middle, days: [shifted], time, sure };
  yield { at: middle, end, days: [last], time: null, sure };
}

/** Chrono only looks forward; a year that was not said is the nearest. */
function dayIn(parts: chrono.ParsedComponents, today: Day): Day | null {
  const [year, month, day] = [parts.get('year') ?? 0, parts.get('month') ?? 0, parts.get('day') ?? 0];
  const yearless = parts.isCertain('day') && parts.isCertain('month') && !parts.isCertain('year');
  return yearless ? nearestYear(today, month, day) : dayOf(year, month, day);
}

/** "Del 3 al 5 de mayo": chrono sees the 5th alone. */
function* beginning({ at, days: [last], sure }: DateSpan, text: string, words: DateWords): Generator<DateSpan> {
  const match = words.until.exec(text.slice(Math.max(0, at - 20), at));
  if (match === null || last === undefined || !sure) return;
  const [year, month] = last.split('-').map(Number);
  const day = dayOf(year ?? 0, month ?? 0, Number(match[1]));
  if (day !== null && day < last) yield { at: at - match[0].length, end: at, days: [day], time: null, sure };
}

interface Tense {
  readonly weekday: boolean;
  readonly today: Day;
  readonly words: DateWords | null;
  /** The date and what follows it. */
  readonly around: string;
  readonly before: string;
}

/** "Last Friday" and "hace tres días" lie behind. */
function past(day: Day, { around, before, today, weekday, words }: Tense): Day {
  const ahead = daysBetween(today, day);
  if (weekday && words?.past.test(around) === true && ahead >= 0) return addDays(day, -7 * Math.ceil((ahead + 1) / 7));
  if (words?.ago?.test(before) === true && ahead > 0) return addDays(today, -ahead);
  return day;
}

function placeOf(match: RegExpExecArray): { at: number; end: number } {
  const lead = /^\s*/.exec(match[0])?.[0].length ?? 0;
  return { at: match.index + lead, end: match.index + match[0].length };
}

/** Whether two places in one text share a character. */
export function overlap(a: { at: number; end: number }, b: { at: number; end: number }): boolean {
  return a.at < b.end && b.at < a.end;
}

function pad(value: number | null): string {
  return String(value ?? 0).padStart(2, '0');
}
