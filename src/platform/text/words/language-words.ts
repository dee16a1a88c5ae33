/** A language's words as data. Written as people write them; compared without accents (`fold`). */
export interface LanguageWords {
  /** Closed classes (articles, pronouns, prepositions, auxiliaries, question words): they tell of no topic. */
  readonly stop: readonly string[];
  /** Of asking, telling and greeting: they say that something is wanted, not what. */
  readonly asking: readonly string[];
  /** Abbreviations after whose point the sentence goes on; without the last point. */
  readonly abbreviations: readonly string[];
  /** The same where a number follows: "No. 5" goes on, "No. You pay" does not. */
  readonly numbered: readonly string[];
}

/** The words of a text, apart by white space. */
export function listed(text: string): string[] {
  return text.trim().split(/\s+/);
}
