import { plainText } from '../../../answers/index.js';
import type { Item, TurnView } from '../../../sdk/index.js';
import { explain } from './errors.js';
import type { Words } from './words.js';

const NOT_OVER = new Set<TurnView['status']>(['sending', 'running', 'unanswered']);

/** Whole sentences of a text that may still grow: the last one counts only once nothing follows. */
export function sentencesOf(markdown: string, language: string, isWhole: boolean): string[] {
  const text = plainText(markdown);
  const segments = [...new Intl.Segmenter(language, { granularity: 'sentence' }).segment(text)];
  const sentences = segments.map(({ segment }) => segment.trim());
  return (isWhole ? sentences : sentences.slice(0, -1)).filter((sentence) => sentence !== '');
}

/**
 * What a screen reader is told of a conversation while it is open: sentences as they are finished, and how a turn ends. Single
 * tokens would drown everything else; what was there before is not read out.
 */
export class Spoken {
  /** Sentences that were said already, by item. */
  private readonly said = new Map<string, number>();

  constructor(
    private readonly words: Words,
    private readonly language: string,
  ) {}

  /** @param isQuiet takes the items as said: the conversation was just opened */
  next(items: readonly Item[], isQuiet: boolean): string[] {
    return items.flatMap((item) => {
      const lines = item.kind === 'turn' ? this.ofTurn(item) : [this.ofNote(item)];
      const before = this.said.get(item.key) ?? 0;
      this.said.set(item.key, lines.length);
      return isQuiet ? [] : lines.slice(before);
    });
  }

  private ofTurn(turn: TurnView): string[] {
    const isOver = !NOT_OVER.has(turn.status);
    const lines = sentencesOf(turn.text, this.language, isOver);
    if (turn.status === 'cancelled') lines.push(this.words.stopped);
    if (turn.status === 'failed' && turn.error !== null) lines.push(explain(turn.error.code, this.words));
    if (turn.prompt !== null) lines.push(plainText(turn.prompt));
    return lines;
  }

  private ofNote(item: Extract<Item, { kind: 'note' }>): string {
    return item.escalation ? noteText(item.escalation, this.words) : plainText(item.message.content);
  }
}

/** What became of the wish for a person, in a line. */
export function noteText({ status, supporter }: { status: string; supporter: string | null }, words: Words): string {
  switch (status) {
    case 'assigned':
      return words.joined(supporter ?? words.aColleague);
    case 'returned':
      return words.returned;
    case 'resolved':
    case 'closed':
      return words.teamLeft;
    default:
      return words.asked;
  }
}
