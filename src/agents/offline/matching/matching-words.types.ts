/** How a language asks for things. Every entry is folded words; several words are one phrase. */
export interface MatchingWords {
  /** Before what is not wanted. */
  readonly not: string;
  /** Ends what a negation reaches to. */
  readonly but: string;
  readonly atLeast: string;
  readonly atMost: string;
  /** Behind a number. */
  readonly orMore: string;
  readonly orLess: string;
  readonly between: string;
  readonly and: string;
  readonly numbers: readonly string[];
  readonly ordinals: readonly string[];
  readonly last: string;
  /** Thousands, written behind a number. */
  readonly thousand: string;
  /** Before a place or a time. */
  readonly placed: string;
  /** Before what is sought. */
  readonly sought: string;
  /** Before what is sought, as its verb: "I need", "are there". */
  readonly seeking: string;
  /** Before one thing of a kind. */
  readonly article: string;
  /** Before the one that is meant: "the second". */
  readonly definite: string;
  /** What is asked about one record: by which words, and what fields are called that tell it. */
  readonly aspects: Readonly<Record<Aspect, { readonly asking: string; readonly fields: string }>>;
  /** Stands for one that was shown. */
  readonly it: string;
  /** Makes a verb of what follows: "to hire". */
  readonly infinitive: string;
  /** Stands for what is sought; a quality follows: "something quiet". */
  readonly indefinite: string;
  /** Before something that is done: "to apply", "let me talk". */
  readonly doing: string;
  /** More of what was shown, or others. */
  readonly more: string;
  /** Before a feature. */
  readonly with: string;
  /** Behind what is sought, before what one does there: "jobs where I can be outside". */
  readonly describing: string;
  /** Before what is known to both: "for my vacancy" asks for no vacancy. */
  readonly possessed: string;
  /** Before the one thing that is sought: "as a nurse". */
  readonly as: string;
  /** Go on from what was asked before. */
  readonly goesOn: string;
  /** One of those that were shown. */
  readonly ofThese: string;
  /** Stands for what was shown. */
  readonly pointing: string;
  /** Begins a question about how something is done. */
  readonly explains: string;
  /** Drop what was asked before. */
  readonly startsAnew: string;
  /** Words of asking that are nobody's wish. */
  readonly filler: string;
  /** What people call what they look for, whatever it is. */
  readonly things: string;
  /** By kind of quantity: words beside a number, or in a field's name. */
  readonly quantities: Readonly<Record<Quantity, string>>;
  readonly cheapest: string;
  readonly dearest: string;
  readonly bestPaid: string;
  readonly newest: string;
  readonly oldest: string;
  readonly largest: string;
  readonly smallest: string;
  /** Words for the same, by a name that is the same in every language. */
  readonly concepts: Readonly<Record<string, string>>;
}

/** `wage`: money that the caller gets; `price`: money that the caller pays. */
export type Quantity = 'money' | 'wage' | 'price' | 'distance' | 'area' | 'month' | 'week' | 'hour' | 'year';

export type Aspect = 'place' | 'time' | 'who' | 'duration' | 'money';
