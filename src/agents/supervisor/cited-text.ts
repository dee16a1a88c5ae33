import type { Passage } from '#rag';
import type { AnswerText } from '../turn/answer-text.js';
import type { CitationLedger } from './citation-ledger.js';

/** `[1]`, `[2, 3]`; a marker that is still coming in is at most this long. */
const MARKER = /\[(\d{1,2}(?:\s*[,;]\s*\d{1,2})*)\]/g;
const OPEN_MARKER = /\[[\d,; ]{0,24}$/;

/**
 * Turns a writer's own markers into the numbers that people see, while the text streams through. A number that stands for
 * no passage is dropped: a source must not be invented.
 */
export class CitedText implements AnswerText {
  private pending = '';
  private sentence = '';
  written = 0;
  cited = 0;

  constructor(
    private readonly out: AnswerText,
    private readonly passages: readonly Passage[],
    private readonly sources: {
      readonly ledger: CitationLedger;
      /** The sentence of a passage that supports what was said of it. */
      readonly quote: (passage: Passage, said: string) => string;
      readonly question: string;
    },
  ) {}

  write(text: string): void {
    if (this.pending === '' && !text.includes('[')) {
      this.pass(text);
      return;
    }
    const all = this.pending + text;
    const open = OPEN_MARKER.exec(all);
    const complete = open === null ? all : all.slice(0, open.index);
    this.pending = open === null ? '' : all.slice(open.index);
    this.pass(this.renumbered(complete));
  }

  /** Whatever was held back at the end is text. */
  end(): void {
    this.pass(this.pending);
    this.pending = '';
  }

  /** The end of what was written, at most a few sentences. */
  get lastWords(): string {
    return this.sentence;
  }

  private renumbered(text: string): string {
    let at = 0;
    return text.replace(MARKER, (_marker, numbers: string, index: number) => {
      const before = this.sentence + text.slice(at, index);
      at = index;
      const shown = numbers.split(/[,;]/).map((number) => this.show(Number(number), before));
      return [...new Set(shown)].join('');
    });
  }

  private show(local: number, before: string): string {
    const passage = this.passages[local - 1];
    if (passage === undefined) return '';
    const { ledger, question, quote } = this.sources;
    const number = ledger.numberOf(passage);
    this.cited += 1;
    ledger.quote(passage, quote(passage, `${before} ${question}`));
    return `[${number}]`;
  }

  private pass(text: string): void {
    if (text === '') return;
    this.written += text.length;
    this.sentence = (this.sentence + text).slice(-300);
    this.out.write(text);
  }
}
