import type { Passage } from '#rag';
import type { Citation } from '../turn/turn.types.js';

const LONGEST_QUOTE = 400;

/**
 * Numbers sources for a whole turn, in the order in which they are first shown, so that two sections never share a number
 * and one passage never has two.
 */
export class CitationLedger {
  private readonly numbers = new Map<string, number>();
  private readonly cited: { passage: Passage; quote: string }[] = [];

  /** The number that people see for this passage. */
  numberOf(passage: Passage): number {
    const known = this.numbers.get(passage.chunkId);
    if (known !== undefined) return known;
    this.cited.push({ passage, quote: '' });
    this.numbers.set(passage.chunkId, this.cited.length);
    return this.cited.length;
  }

  /** The sentence that supports what was said; the first one given is kept. */
  quote(passage: Passage, sentence: string): void {
    const number = this.numbers.get(passage.chunkId);
    const entry = number === undefined ? undefined : this.cited[number - 1];
    if (entry !== undefined && entry.quote === '') entry.quote = sentence.slice(0, LONGEST_QUOTE);
  }

  list(): Citation[] {
    return this.cited.map(({ passage, quote }, index) => ({
      n: index + 1,
      document_id: passage.documentId,
      chunk_id: passage.chunkId,
      title: passage.title,
      page: passage.page,
      section: passage.section,
      url: passage.url,
      score: passage.score,
      quote,
    }));
  }
}
