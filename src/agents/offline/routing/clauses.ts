import { contentStems, foldInPlace, sentencesOf } from '#platform/text';

/** Where one request ends and another begins: ends of sentences, and "and" before a verb, a question word or "I". */
const STARTERS =
  "how|what|where|when|why|who|which|can|could|may|do|does|did|is|are|was|will|would|should|i|i'd|i'll|please|send|show|write|tell|give|find|check|track|cancel|create|draft|explain|help|list|search|look|match|compose|download|get|also|" +
  'como|que|donde|cuando|por que|quien|cual|puedo|puedes|puede|quiero|necesito|dime|muestra|muestrame|envia|enviame|escribe|busca|' +
  'wie|was|wo|wann|warum|wer|welche|welcher|kann|konnen|ich|bitte|zeige|zeig|schreib|schreibe|sende|schick|suche|finde|gib|mochte';
const CONJUNCTIONS = 'and also|and then|and|also|plus|y tambien|y|e|ademas|und auch|und|sowie|ausserdem';
const JOINT = new RegExp(
  `(?:;\\s*(?:(?:${CONJUNCTIONS})\\s+)?|,\\s*(?:${CONJUNCTIONS})\\s+|\\s+(?:${CONJUNCTIONS})\\s+|(,)\\s*)(?=(?:${STARTERS})\\b)`,
  'g',
);
/** "Where is it, how do I return it?" are two; "if I go there, do I need a visa?" and "I lost it, what now?" are one. */
const ASKS = new RegExp(`^(?:${STARTERS})\\b`);
const TELLS = /^(?:i|i'd|i'll|ich|please|bitte|also)\b/;

const LONGEST = 1500;
const MOST_CLAUSES = 12;

/**
 * The parts of a message that may be requests of their own, in order; together they are the message. A part without a
 * word of meaning stays with its neighbour.
 */
export function clausesOf(message: string): string[] {
  if (message.length > LONGEST) {
    // A long text is one request with its material behind it.
    const clauses = clausesOf(message.slice(0, LONGEST));
    return [...clauses.slice(0, -1), `${clauses.at(-1) ?? ''}${message.slice(LONGEST)}`];
  }
  const parts: string[] = [];
  for (const sentence of sentenceParts(message)) {
    const folded = foldInPlace(sentence);
    let start = 0;
    for (const match of folded.matchAll(JOINT)) {
      const before = folded.slice(start, match.index);
      const asks = ASKS.test(before) && !TELLS.test(before);
      if (match[1] !== undefined && !asks && contentStems(before).length > 0) continue;
      parts.push(sentence.slice(start, match.index));
      start = match.index + match[0].length;
    }
    parts.push(sentence.slice(start));
  }
  const joined: string[] = [];
  let carry = '';
  for (const part of parts.map((text) => text.trim()).filter((text) => text !== '')) {
    const text = carry === '' ? part : `${carry} ${part}`;
    carry = '';
    if (contentStems(text).length === 0 || joined.length >= MOST_CLAUSES) carry = text;
    else joined.push(text);
  }
  if (carry !== '') {
    if (joined.length === 0) joined.push(carry);
    else joined[joined.length - 1] = `${joined.at(-1) ?? ''} ${carry}`;
  }
  return joined;
}

function sentenceParts(message: string): string[] {
  return sentencesOf(message, 'chat').flatMap((sentence) => sentence.split(/(?<=;["')\]]?)\s+/));
}
