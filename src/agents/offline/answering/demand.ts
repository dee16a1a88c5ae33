import { fold } from '#platform/text';
import { type Demand, DEMAND_WORDS, type DemandWords } from '../words/demands.js';

/** What a sentence must hold to answer a question. */
export interface Demanded {
  readonly demand: Demand;
  /** Generous, for what people write in their documents: any number may be a time ("from 8 to 12"). */
  meets(text: string): boolean;
}

/** A question of more words says nothing more. */
const LONGEST = 2000;
const DEMANDS = ['price', 'time', 'number'] as const;
const LANGUAGES = Object.values(DEMAND_WORDS).map((words) => ({
  asks: asksOf(words),
  holds: holdsOf(words),
}));

/**
 * What an answer must hold; null where the question leaves it open. "What do you charge for a crown?" is not answered by
 * all there is about crowns, unless there is a price in it.
 */
export function demandOf(question: string): Demanded | null {
  const text = fold(question.slice(0, LONGEST)).replace(/\s+/g, ' ');
  for (const { asks, holds } of LANGUAGES) {
    const demand = DEMANDS.find((one) => asks[one].test(text));
    if (demand !== undefined) return { demand, meets: (answer) => holds[demand].test(fold(answer)) };
  }
  return null;
}

function asksOf({ asking, when }: DemandWords): Readonly<Record<Demand, RegExp>> {
  const expression = (text: string) => text.replace('…', '(?: \\S{1,64}){0,8} ');
  const oneOf = (demand: Demand) => anyOf(asking[demand].map(expression));
  // "When do you close?", "Hello, and when can I come?"
  const asksWhen = `(?:^|[.?!,;:¿] ?)(?:${when.after} )?${when.word} (?:${when.verbs.join('|')})(?!\\p{L})`;
  return {
    price: new RegExp(oneOf('price'), 'u'),
    time: new RegExp(`${oneOf('time')}|${asksWhen}`, 'u'),
    number: new RegExp(oneOf('number'), 'u'),
  };
}

function holdsOf({ money, numbers, times }: DemandWords): Readonly<Record<Demand, RegExp>> {
  const word = (text: string) => (text.endsWith('-') ? `${text.slice(0, -1)}(?:e?[sn]|e|[oa]s?)?` : text);
  const number = `\\p{N}|${anyOf(numbers.map(word))}`;
  return {
    price: new RegExp(`[€$£¥%]|${anyOf(money.map(word))}`, 'u'),
    time: new RegExp(`${number}|${anyOf(times.map(word))}`, 'u'),
    number: new RegExp(number, 'u'),
  };
}

function anyOf(parts: readonly string[]): string {
  return `(?<!\\p{L})(?:${parts.join('|')})(?!\\p{L})`;
}
