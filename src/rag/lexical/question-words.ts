/** What frames a question in the languages that people ask in most, as `lexicalText` writes it. It is about nothing. */
const FRAMES = [
  'how (?:long|much|many|often|soon|far|come)',
  '(?:some|any)(?:thing|one|body)',
  'please|could|would|should|might|must|shall|tell me|let me know|i want|i need|want to know|would like',
  'wie (?:lange?|viele?|oft|weit|schnell)|wieviele?|wann|warum|wieso|weshalb|woher|wohin|bitte|kann|könnte[nst]*|darf|möchte[nst]*',
  'cuánt[oa]s? tiempo|cuánt[oa]s?|cuándo|cómo|dónde|qué|quién(?:es)?|cuál(?:es)?|por favor|puedo|puede[ns]?|quiero|quisiera|debo',
  "combien de temps|combien|quand|comment|pourquoi|où|quel(?:le)?s?|est ce qu'?e?|s'il vous plaît|puis je|peut on|je voudrais",
];
const FRAME = new RegExp(`(?<![^ ])(?:${FRAMES.join('|')})(?![^ ])`, 'g');

/**
 * The words of a question that say what it is about. "How long" is rare in documents, so that rarity alone would have it
 * outweigh what the question asks after. A question of such words only stays as it is.
 * @param words as `lexicalText` gives them
 */
export function questionWords(words: string): string {
  const left = words.replace(FRAME, ' ').replace(/ +/g, ' ').trim();
  return left === '' ? words : left;
}
