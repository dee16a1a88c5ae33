import { storable } from '#platform/text';

/**
 * What a model says made fit to be stored: without U+0000, which no text column takes, and without halves of characters.
 * A character whose halves come in two pieces is kept until it is whole.
 */
export class StorableText {
  /** The first half of a character, still waiting for the second. */
  private held = '';

  /** @returns what can be passed on of everything so far; may be empty */
  push(piece: string): string {
    const text = this.held + piece;
    const half = isFirstHalf(text.charCodeAt(text.length - 1));
    this.held = half ? text.slice(-1) : '';
    return storable(half ? text.slice(0, -1) : text);
  }

  /** What is left when no more comes: the replacement character for half of one. */
  end(): string {
    const left = storable(this.held);
    this.held = '';
    return left;
  }
}

function isFirstHalf(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
