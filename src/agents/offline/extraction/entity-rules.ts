import { fold, isStopWord, stem } from '#platform/text';
import type { WorkMeter } from '#tools';
import { fits, type SchemaProperty } from '../../catalog/tool-inputs.js';
import { zonedTime } from './calendar.js';
import type { DateSpan } from './dates.js';
import { overlap } from './dates.js';
import { MessageReading, type Token } from './message-reading.js';
import type { NumberSpan } from './numbers.js';
import { besideCue, nameBehind, rulesOf } from './property-rules.js';
import { type LanguageWords, WORDS_BEFORE_YEARS, wordsOfLanguage } from './words/index.js';

export interface Finding {
  readonly value: unknown;
  /** True when the value's own form shows that it belongs here (pattern, format, enum, a cue beside it). */
  readonly strong: boolean;
  /** It belongs here, but only the message's language says how it is read: enough without a model, not to leave one out. */
  readonly likely?: boolean;
  /** Nothing says which of its readings is meant: better asked for. */
  readonly unsure?: boolean;
  /** Its place in the text that is read, where it has one: what is one property's is no other's. */
  readonly span?: { readonly at: number; readonly end: number };
}

export interface RuleOptions {
  readonly today: Date;
  /** IANA, of the tenant; UTC unless told. */
  readonly timeZone?: string;
  /** BCP 47, of the message. Unless told, no language's words are looked for. */
  readonly language?: string;
  /** The user was just asked for this property, so a bare value is meant for it. */
  readonly asked: boolean;
  /** Nothing else of the tool could be meant by a bare value. */
  readonly alone: boolean;
  /** What all the properties of one message together may be judged with (`judging`). */
  readonly meter: WorkMeter;
}

const LONGEST_BARE = 500;

/** Texts that were read under one meter: the message for each of a tool's properties, and for each of an agent's tools. */
const readings = new WeakMap<WorkMeter, Map<string, MessageReading>>();

export function readingOf(
  text: string,
  { language = '', meter, timeZone = 'UTC', today }: RuleOptions,
): MessageReading {
  const known = readings.get(meter) ?? new Map<string, MessageReading>();
  readings.set(meter, known);
  const reading = known.get(text);
  if (reading !== undefined && reading.language === language) return reading;
  const made = new MessageReading(text, { today, timeZone, language });
  known.set(text, made);
  return made;
}

/**
 * Everything in a text that may be the property's value, likeliest first. Candidates are proposed by rules and judged by
 * the property's own schema, so what comes out can be used as an argument.
 */
export function findingsFor(property: SchemaProperty, text: string, options: RuleOptions): Finding[] {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for (const finding of candidates(property, readingOf(text, options), options)) {
    if (options.meter.exhausted) break;
    const key = JSON.stringify(finding.value);
    if (seen.has(key)) continue;
    seen.add(key);
    if (fits(property, finding.value, options.meter)) findings.push(finding);
  }
  return findings
    .map((finding) => ({ finding, rank: rank(finding) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ finding }) => finding);
}

function rank({ likely, strong, unsure }: Finding): number {
  return strong ? 0 : likely === true ? 1 : unsure === true ? 3 : 2;
}

function* candidates(property: SchemaProperty, reading: MessageReading, options: RuleOptions): Generator<Finding> {
  const { schema } = property;
  if (isFreeText(property) && isPlainString(property)) {
    yield { value: reading.message.trim(), strong: false };
    return;
  }
  if (Array.isArray(schema['enum'])) {
    yield* enumMembers(schema['enum'], reading);
    return;
  }
  if (typeof schema['const'] === 'string' || typeof schema['const'] === 'number') {
    yield { value: schema['const'], strong: true };
    return;
  }
  switch (property.type) {
    case 'boolean':
      yield* truth(property, reading, options);
      return;
    case 'integer':
    case 'number':
      yield* numbers(property, reading, options);
      return;
    case 'array':
    case 'object':
      return;
    case 'string':
      yield* strings(property, reading, options);
  }
}

function* strings(property: SchemaProperty, reading: MessageReading, options: RuleOptions): Generator<Finding> {
  const { schema } = property;
  switch (typeof schema['format'] === 'string' ? schema['format'] : '') {
    case 'email':
      yield* matching(reading, /[^\s@<>"',;:()]{1,64}@[^\s@<>"',;:()]{1,255}\.[\p{L}]{2,}/gu);
      return;
    case 'uri':
    case 'url':
      yield* matching(reading, /https?:\/\/[^\s<>"']{3,500}/g, (url) => url.replace(/[.,;:!?)\]]+$/, ''));
      return;
    case 'date':
      for (const span of reading.dates()) yield* dated(span, options, (day) => day);
      return;
    case 'date-time':
      for (const span of reading.dates()) {
        yield* dated(span, options, (day) => zonedTime(day, span.time ?? '00:00', options.timeZone ?? 'UTC'));
      }
      return;
    case 'uuid':
      yield* matching(reading, /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi);
      return;
    default:
  }
  if (typeof schema['pattern'] === 'string') {
    yield* patterned(property, reading, options);
    return;
  }
  const { identifier, shapes } = rulesOf(property);
  const strong = meantOf(property, reading, options);
  for (const shape of shapes) {
    for (const token of reading.tokens()) if (shape.test(token.text)) yield { ...found(token), strong: strong(token) };
  }
  for (const token of besideItsName(property, reading)) yield { ...found(token), strong: true };
  if (identifier) {
    for (const token of reading.tokens()) {
      if (isCode(token.text) && !reading.namesDay(token)) {
        yield { ...found(token, token.text.replace(/^#/, '')), strong: options.asked };
      }
    }
    return;
  }
  yield* names(property, reading);
  if (options.asked && options.alone) yield { value: bare(reading), strong: true };
}

function* matching(
  reading: MessageReading,
  pattern: RegExp,
  trim: (text: string) => string = (text) => text,
): Generator<Finding> {
  for (const match of reading.text.matchAll(pattern)) {
    const value = trim(match[0]);
    yield { value, strong: true, span: { at: match.index, end: match.index + value.length } };
  }
}

function* patterned(property: SchemaProperty, reading: MessageReading, options: RuleOptions): Generator<Finding> {
  // A pattern that any word satisfies proves nothing by itself.
  const anyWord = fits(property, 'lorem', options.meter);
  const strong = meantOf(property, reading, options);
  for (const token of reading.tokens()) {
    const telling = /\d/.test(token.text) || !anyWord;
    if (telling) yield { ...found(token), strong: strong(token) };
    const upper = token.text.toUpperCase();
    if (telling && token.text !== upper) yield { ...found(token, upper), strong: strong(token) };
  }
  if (options.asked) yield { value: bare(reading), strong: true };
}

/**
 * Whether what has the form of a value is meant as one: "2014" in "in 2014" is a year, unless the property's own word stands
 * before it or nothing else was asked for.
 */
function meantOf(property: SchemaProperty, reading: MessageReading, { asked }: RuleOptions): (token: Token) => boolean {
  if (asked || rulesOf(property).cues.some((cue) => WORDS_BEFORE_YEARS.has(cue))) return () => true;
  let named: readonly Token[] | undefined;
  return (token) => {
    if (!/\d/.test(token.text) || !reading.counts(token)) return true;
    named ??= [...besideItsName(property, reading)];
    return named.some((other) => overlap(other, token));
  };
}

/** Several days are what different countries read; the likeliest is taken only when nothing but this was asked for. */
function* dated(span: DateSpan, { asked }: RuleOptions, write: (day: string) => string): Generator<Finding> {
  for (const day of span.days) {
    yield { value: write(day), strong: span.sure || (asked && span.days.length === 1), unsure: !span.sure, span };
  }
}

function* enumMembers(members: readonly unknown[], reading: MessageReading): Generator<Finding> {
  const words = ` ${fold(reading.text).replace(/[^\p{L}\p{N}]+/gu, ' ')} `;
  const stems = reading.stems();
  const scored = members
    .filter((member) => typeof member === 'string' || typeof member === 'number')
    .map((member) => ({
      member,
      spoken: fold(String(member))
        .replace(/[^\p{L}\p{N}]+/gu, ' ')
        .trim(),
    }))
    .sort((a, b) => b.spoken.length - a.spoken.length);
  for (const { member, spoken } of scored) if (words.includes(` ${spoken} `)) yield { value: member, strong: true };
  for (const { member, spoken } of scored) {
    const needed = spoken.split(' ').map(stem);
    if (needed.length > 0 && needed.every((word) => stems.has(word))) yield { value: member, strong: true };
  }
}

function* truth(property: SchemaProperty, reading: MessageReading, options: RuleOptions): Generator<Finding> {
  const words = wordsOfLanguage(reading.language);
  if (options.asked && words !== null) {
    const said = saidYes(reading, words, property.schema['x-plain'] === true);
    if (said !== null) yield { value: said, strong: true };
  }
  const { nameStems } = rulesOf(property);
  const stems = reading.stems();
  if (nameStems.length === 0 || !nameStems.every((word) => stems.has(word))) return;
  const [cue = ''] = nameStems;
  const all = reading.words();
  const negated = all.some((word, index) => {
    if (words?.negations.includes(word.text) !== true) return false;
    const after = all.slice(index + 1, index + 5).filter(({ at }) => at - word.end <= 20);
    return after.some(({ stem: one, at }) => one === cue && !/[.!?]/.test(reading.text.slice(word.end, at)));
  });
  yield { value: !negated, strong: true };
}

/**
 * By how it begins, and neither when the next words say the opposite: "no problem, yes", "ok, but do not send it".
 * @param plain a yes has nothing beside it that could take it back or mean something else: "ok, cancel", "yes, but later"
 */
function saidYes(reading: MessageReading, words: LanguageWords, plain: boolean): boolean | null {
  const { besideYes, negations, no, polite, yes } = words;
  const all = reading.words().map(({ text }) => text);
  const courtesy = begun(all, polite);
  const said = all.slice(courtesy);
  if (said.length === 0) return courtesy > 0 ? true : null;
  const agreed = begun(said, yes);
  const refused = begun(said, no);
  if (agreed === refused || wantsChange(all, words)) return null;
  const others = said.slice(Math.max(agreed, refused));
  if (agreed > refused && plain && !others.every((word) => yes.includes(word) || besideYes.includes(word))) return null;
  const opposite = agreed > refused ? [...no, ...negations] : yes;
  return others.slice(0, 5).some((word) => opposite.includes(word)) ? null : agreed > refused;
}

/** "Yes, correct it", "please correct": says by a word of agreement that it is not agreed to. */
function wantsChange(all: readonly string[], { polite, yesVerbs }: LanguageWords): boolean {
  return all.some((word, at) => {
    if (!yesVerbs.words.includes(word)) return false;
    const [before = '', after = ''] = [all[at - 1], all[at + 1]];
    return yesVerbs.objects.includes(after) || (at === all.length - 1 && polite.includes(before));
  });
}

/** How many words the longest of the phrases has that these words begin with. */
function begun(words: readonly string[], phrases: readonly string[]): number {
  return Math.max(
    0,
    ...phrases.map((phrase) => {
      const parts = phrase.split(' ');
      return parts.every((part, at) => words[at] === part) ? parts.length : 0;
    }),
  );
}

function* numbers(property: SchemaProperty, reading: MessageReading, options: RuleOptions): Generator<Finding> {
  const all = reading.numbers();
  const firm = all.filter(({ loose }) => !loose);
  const named = wordsNaming(property, reading);
  const judged = all.map((number) => ({ number, near: isBesideCue(number, reading, named) }));
  const alone = options.asked && (firm.length === 1 || all.length === 1);
  // Those that stand beside their word first.
  for (const { near, number } of [...judged].sort((a, b) => Number(b.near) - Number(a.near))) {
    if (number.loose && !near && !(alone && firm.length === 0)) continue;
    const meant = near || (alone && (firm.length === 0 || !number.loose));
    const sure = number.readings.length === 1;
    for (const [index, value] of number.readings.entries()) {
      if (property.type === 'integer' && !Number.isInteger(value)) continue;
      const idiomatic = number.idiomatic && index === 0;
      yield {
        value,
        strong: meant && (sure || (alone && idiomatic)),
        likely: meant && idiomatic,
        unsure: !sure && !idiomatic,
        span: { at: number.at, end: number.end },
      };
    }
  }
}

interface Naming {
  readonly at: number;
  readonly end: number;
  /** Not in another form, nor within a longer word. */
  readonly exactly: boolean;
}

/** Where the message calls the property by its name. */
function wordsNaming(property: SchemaProperty, reading: MessageReading): readonly Naming[] {
  const { cueStems, cues } = rulesOf(property);
  if (cueStems.size === 0) return [];
  return reading
    .words()
    .filter(({ stem: word, text }) => {
      // German writes the word that it is about at the end of a longer one.
      return (
        cueStems.has(word) || cues.some((cue) => cue.length >= 4 && text.length > cue.length && text.endsWith(cue))
      );
    })
    .map(({ at, end, text }) => ({ at, end, exactly: cues.includes(text) }));
}

/** "3 nights", "quantity: 3": no other number and no end of a phrase stands between them. */
function isBesideCue(number: NumberSpan, reading: MessageReading, named: readonly Naming[]): boolean {
  return named.some((word) => {
    // "One night" of the nights that are asked for counts; "un importe" is any amount.
    if (number.loose && word.exactly) return false;
    if (word.end <= number.at) {
      return number.at - word.end <= 30 && !/[\d.;!?\n]/.test(reading.text.slice(word.end, number.at));
    }
    return (
      word.at >= number.end &&
      word.at - number.end <= 16 &&
      !/[\d,.;:!?\n]/.test(reading.text.slice(number.end, word.at))
    );
  });
}

/** "order 1042", "order number: A-17", "invoice no. 2025/8": what stands behind the property's own words. */
export function* besideItsName(property: SchemaProperty, reading: MessageReading): Generator<Token> {
  const pattern = besideCue(property, reading.language);
  if (pattern === null) return;
  const { identifier } = rulesOf(property);
  for (const match of reading.folded().matchAll(pattern)) {
    const value = match[1];
    if (value === undefined || isStopWord(value)) continue;
    const start = match.index + match[0].length - value.length;
    const raw = reading.text.slice(start, start + value.length).replace(/[.,;:!?]+$/, '');
    const text = raw.replace(/^#/, '');
    const at = start + raw.length - text.length;
    const token = { text, at, end: at + text.length };
    if (reading.namesDay(token)) continue;
    if (identifier ? /\d/.test(text) : text.length > 1 && /^\p{Lu}|\d/u.test(text)) yield token;
  }
}

function* names(property: SchemaProperty, reading: MessageReading): Generator<Finding> {
  const pattern = nameBehind(property, reading.language);
  const words = wordsOfLanguage(reading.language);
  if (pattern === null || words === null) return;
  for (const match of reading.text.matchAll(pattern)) {
    const [whole, value = ''] = match;
    const at = match.index + whole.length - value.length;
    const token = { text: value, at, end: at + value.length };
    // "In May", "on Friday".
    if (reading.dates().some((date) => overlap(date, token))) continue;
    // Every noun of German begins like a name.
    yield { ...found(token), strong: words.capitalsAreNames };
  }
}

function found(token: Token, value: string = token.text): { value: string; span: { at: number; end: number } } {
  return { value, span: { at: token.at, end: token.end } };
}

/** Has a digit, and is no version or address of a machine. */
function isCode(text: string): boolean {
  return /\d/.test(text) && /^[#\p{L}\d][\p{L}\d_/.-]*$/u.test(text) && !/\d+(?:\.\d+){2,}/.test(text);
}

/** Nothing in its schema says what the text must look like. */
function isPlainString({ schema, type }: SchemaProperty): boolean {
  if (type !== 'string' || Array.isArray(schema['enum']) || schema['const'] !== undefined) return false;
  return !FORMATS.has(String(schema['format']));
}
const FORMATS = new Set(['email', 'uri', 'url', 'date', 'date-time', 'uuid']);

function isFreeText(property: SchemaProperty): boolean {
  return /^(?:query|question|q|search|text|message|prompt|topic|request|input|content|description|details|keywords)$/i.test(
    property.name,
  );
}

/** All that was said, without what people put around a value. */
function bare({ language, text }: MessageReading): string {
  const openers = wordsOfLanguage(language)?.openers;
  const said = text.trim().slice(0, LONGEST_BARE);
  return (openers === undefined ? said : said.replace(openersOf(openers), ''))
    .replace(/^#/, '')
    .replace(/[.,;:!?]+$/, '');
}

const compiled = new Map<string, RegExp>();

function openersOf(source: string): RegExp {
  const pattern = compiled.get(source) ?? new RegExp(`^(?:${source})\\s+`, 'i');
  compiled.set(source, pattern);
  return pattern;
}
