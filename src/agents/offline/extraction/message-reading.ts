import { contentStems, excerpt, fold, foldInPlace, stem } from '#platform/text';
import { type DateSpan, datesIn, overlap } from './dates.js';
import { type Figure, figuresIn } from './counted.js';
import { type NumberSpan, numbersIn } from './numbers.js';

export interface Token {
  readonly text: string;
  readonly at: number;
  readonly end: number;
}

export interface ReadingOptions {
  readonly today: Date;
  readonly timeZone: string;
  readonly language: string;
}

/** Values stand at the beginning or the end of a long message; between them is its material. */
const READ = { head: 3000, tail: 1000 };
const MOST_TOKENS = 200;
const LONGEST_TOKEN = 80;

/** A message as rules look at it. What several properties need is read once, and only when one needs it. */
export class MessageReading {
  /** The excerpt that is read, without runs of white space; places count in it. */
  readonly text: string;

  constructor(
    readonly message: string,
    readonly options: ReadingOptions,
  ) {
    this.text = excerpt(message, READ.head, READ.tail).replace(/\s{2,}/g, ' ');
  }

  get language(): string {
    return this.options.language;
  }

  /** Lower case without accents, every character in its place. */
  readonly folded = once(() => foldInPlace(this.text));
  readonly stems = once((): ReadonlySet<string> => new Set(contentStems(this.text)));
  readonly words = once((): readonly (Token & { readonly stem: string })[] => {
    return Array.from(this.folded().matchAll(/[\p{L}\p{N}]+/gu), (match) => {
      const [text] = match;
      return { text, at: match.index, end: match.index + text.length, stem: stem(fold(text)) };
    });
  });
  readonly dates = once((): readonly DateSpan[] => datesIn(this.text, this.options));
  readonly numbers = once((): readonly NumberSpan[] =>
    numbersIn(this.text, this.language)
      .filter((number) => !this.namesDay(number))
      .slice(0, MOST_TOKENS),
  );

  readonly figures = once((): readonly Figure[] => figuresIn(this.text));

  /** "In 2014", "1500 euros", a part of a telephone number: says something else than which one is meant. */
  counts(span: { readonly at: number; readonly end: number }): boolean {
    return this.figures().some(
      (figure) =>
        figure.at <= span.at &&
        span.end <= figure.end &&
        (figure.kind !== 'phone' || span.end - span.at < figure.end - figure.at),
    );
  }

  /** A part of a date, whichever way that is read. */
  namesDay(span: { readonly at: number; readonly end: number }): boolean {
    return this.dates().some((date) => date.days.length > 0 && overlap(date, span));
  }

  /** Words, and pairs of words, without the punctuation around them. Bounded, since patterns are tried on each. */
  readonly tokens = once((): readonly Token[] => {
    const words: Token[] = [];
    for (const match of this.text.matchAll(/[^\s,;!?()"“”„«»]+/gu)) {
      const [raw] = match;
      // Before the punctuation is taken off: a word of ten thousand dots is none.
      if (raw.length > LONGEST_TOKEN + 10) continue;
      const lead = /^[#'.:]+(?=[\p{L}\d])/u.exec(raw)?.[0].length ?? 0;
      const text = raw.slice(lead).replace(/[.:'’]+$/u, '');
      if (text === '' || text.length > LONGEST_TOKEN) continue;
      const at = match.index + lead;
      words.push({ text, at, end: at + text.length });
      if (words.length >= MOST_TOKENS) break;
    }
    const pairs = words.flatMap((word, index) => {
      const next = words[index + 1];
      if (next === undefined || !/\d/.test(word.text + next.text)) return [];
      return [' ', '-', ''].map((sign) => ({ text: `${word.text}${sign}${next.text}`, at: word.at, end: next.end }));
    });
    // The year of a date is no code, nor is its day.
    const dates = /\d/.test(this.text) ? this.dates().filter(({ sure }) => sure) : [];
    const part = ({ at, end }: Token) =>
      dates.some((date) => at >= date.at && end <= date.end && end - at < date.end - date.at);
    return [...words, ...pairs].filter((token) => !part(token));
  });
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
