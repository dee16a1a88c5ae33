import type { AnswerText } from '../turn/answer-text.js';

/** With which a model says that the passages do not answer the question. */
export const NO_ANSWER = 'NO_ANSWER';

/**
 * The sign behind whatever models put around it (quotes, emphasis, brackets, a heading, a fence, an escape), whatever
 * follows it. A word that only begins like it ("NO_ANSWERS", "NO_ANSWER_KEY") is text.
 */
const SIGN = /^[\s"'“”„«»`*_#>[\](){}<.:\\-]*NO\\?_ANSWER(?![\p{L}\p{N}]|_[\p{L}\p{N}])/iu;
/** Written as two words it may be the beginning of a sentence, so it has to be all there is. */
const SIGN_ALONE = /^[\s"'“”„«»`*_#>[\](){}<.:\\-]*NO[\\_ -]{1,2}ANSWER[\s"'“”„«»`*_#>[\](){}<.:!?\\-]*$/iu;
const LEADING = /^[\s"'“”„«»`*_#>[\](){}<.:\\-]+/u;
/** Far more than a sign and what surrounds it. */
const MOST_HELD = 40;
/** The sign at the end of an answer with what stands around it, or the beginning of that. */
const TRAILING = /(?:[*_`"“([]{1,4}|[*_`"“([]{0,4}NO?(?:\\?(?:_(?:A(?:N(?:S(?:W(?:ER?)?)?)?)?)?)?)?)$/u;
const TRAILING_SIGN = /[*_`"“([]{0,4}NO\\?_ANSWER[\s*_`"”)\].]{0,6}$/u;
/** What a piece must have in it, or end with, for the sign to be there. */
const MAY_BEGIN = /N|[*_`"“([]$/u;

/**
 * Holds the first characters back until it is clear that they are not the sign for "no answer". What a model adds behind
 * the sign is not shown: it has just said that nothing supports it.
 */
export class AnswerGate {
  private held = '';
  private state: 'deciding' | 'open' | 'no_answer' = 'deciding';

  constructor(private readonly out: AnswerText) {}

  write(text: string): void {
    if (this.state === 'open') return this.pass(text);
    if (this.state === 'no_answer') return;
    this.held += text;
    if (this.mayBecomeSign()) return;
    this.decide(false);
  }

  /** @returns false when the answer was the sign, or nothing */
  end(): boolean {
    if (this.state === 'deciding') this.decide(true);
    else if (this.held !== '' && this.state === 'open') this.out.write(this.held.replace(TRAILING_SIGN, ''));
    return this.state === 'open';
  }

  /** A model may write an apology first and the sign behind it: that one is kept back until it is known to be the end. */
  private pass(text: string): void {
    if (this.held === '' && !MAY_BEGIN.test(text)) return this.out.write(text);
    const all = this.held + text;
    const sign = TRAILING_SIGN.exec(all) ?? TRAILING.exec(all);
    this.held = sign === null ? '' : all.slice(sign.index);
    const shown = sign === null ? all : all.slice(0, sign.index);
    if (shown !== '') this.out.write(shown);
  }

  private decide(ended: boolean): void {
    if (SIGN.test(this.held) || SIGN_ALONE.test(this.held) || this.held.trim() === '') {
      this.state = 'no_answer';
      return;
    }
    this.state = 'open';
    const { held } = this;
    this.held = '';
    this.pass(held);
    if (ended && this.held !== '') this.out.write(this.held.replace(TRAILING_SIGN, ''));
  }

  /** Whether more text could still turn what is held into the sign, or the sign into a word. */
  private mayBecomeSign(): boolean {
    if (this.held.length > MOST_HELD) return false;
    const bare = this.held
      .replace(LEADING, '')
      .replace(/\\/g, '')
      .replace(/^(no)[ -]/i, '$1_')
      .toUpperCase();
    // "NO_ANSWER" and "NO_ANSWER_" may go on as a word; "NO ANSWER." may go on as a sentence.
    return NO_ANSWER.startsWith(bare) || /^NO_ANSWER[^\p{L}\p{N}]{0,3}$/u.test(bare);
  }
}
