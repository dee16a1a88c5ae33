/**
 * What extraction knows of a language, as data: a file a language, all in lower case without accents (`fold`) unless it
 * says otherwise. A language without a file has none of this, rather than another's.
 */
export interface LanguageWords {
  /** An answer to a question that begins with one of these, words or phrases, agrees, or does not. */
  readonly yes: readonly string[];
  readonly no: readonly string[];
  /** Beside a yes, these leave it one: "yes please, go ahead and send it". */
  readonly besideYes: readonly string[];
  /**
   * Those of `yes` that are verbs as well, and what they are done to: "correct it" and "please correct" want something
   * changed.
   */
  readonly yesVerbs: { readonly words: readonly string[]; readonly objects: readonly string[] };
  /** Before an answer, and by itself the answer to an offer: "please". */
  readonly polite: readonly string[];
  /** Before a word, these turn it round: "without breakfast", "not 1042 but 1043". */
  readonly negations: readonly string[];
  readonly numbers: Readonly<Record<string, number>>;
  /** Articles and pronouns as well, so that they count only beside what is counted: "one night", "the other one". */
  readonly looseNumbers: Readonly<Record<string, number>>;
  /** What stands before a name of the kind that a property is for. */
  readonly before: Readonly<Record<NameKind, readonly string[]>>;
  /** Words of a property's name or title that tell its kind. */
  readonly kinds: Readonly<Record<NameKind | 'identifier', readonly string[]>>;
  /** Only names begin with a capital letter in the middle of a sentence. */
  readonly capitalsAreNames: boolean;
  /** Between a property's own word and its value: "order number is 1042". */
  readonly fillers: readonly string[];
  /** Before a value that is all that an answer gives: "it's 1042". Source of a regular expression. */
  readonly openers: string;
  /** "another", with every ending; and the words that stand for whatever it was: "another one". */
  readonly another: readonly string[];
  readonly anyThing: readonly string[];
  /** Between values that are meant one after the other. */
  readonly and: readonly string[];
  /** How people call an address of this format. */
  readonly addresses: Readonly<Record<'email' | 'phone', readonly string[]>>;
  readonly dates: DateWords;
}

export type NameKind = 'origin' | 'destination' | 'place' | 'person';

/** What chrono does not know, on text with its accents and capitals. */
export interface DateWords {
  /** Words that look like a date or a time and are none: "Guten Morgen". Blanked out before chrono looks. */
  readonly none: readonly RegExp[];
  /** Days from today, with `fold`ed words. */
  readonly days: Readonly<Record<string, number>>;
  /** Names of months by number, where "3 Mai" and "3.5." have to be read by us. */
  readonly months: Readonly<Record<string, number>> | null;
  /** Beside a day of the week: it is over. */
  readonly past: RegExp;
  /** Before a span of time that chrono counts forward though it lies behind. */
  readonly ago: RegExp | null;
  /** "in six weeks", "six weeks ago": without one of these, "for six weeks" is how long something lasts. */
  readonly direction: RegExp;
  /** Before a year: "in 2014". */
  readonly beforeYear: readonly string[];
  /** Before a day: the first day of the same month that it goes on from, as the first group. */
  readonly until: RegExp;
  /** A stretch of time, which names no day. */
  readonly stretch: RegExp;
  /** Whether 3/4 is in March or in April depends on the country, and the language alone does not tell. */
  readonly orderByCountry: boolean;
}

/** A list of words, written as one string. */
export function list(words: string): readonly string[] {
  return words.split(' ');
}

/** "one two three" → 1, 2, 3, from `first` on. */
export function counted(words: string, first = 1): Readonly<Record<string, number>> {
  return Object.fromEntries(
    list(words).flatMap((names, index) => names.split('/').map((name) => [name, index + first])),
  );
}
