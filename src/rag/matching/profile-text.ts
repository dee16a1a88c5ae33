import type { Facts } from './match-score.js';

const SENTENCE_WORDS = 3;
const LONGEST = 6000;

/**
 * What a profile says in words, for comparing meanings: the fields that the records are embedded by, lists (skills) and whatever
 * has the length of a sentence; then the message.
 */
export function profileText(profile: Facts, textFields: readonly string[], message: string): string {
  const parts = Object.entries(profile).flatMap(([field, value]) => {
    if (Array.isArray(value)) return [value.filter((item) => typeof item === 'string').join(', ')];
    if (typeof value !== 'string') return [];
    return textFields.includes(field) || value.split(/\s+/).length >= SENTENCE_WORDS ? [value] : [];
  });
  return [...parts, message]
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .join('\n\n')
    .slice(0, LONGEST);
}
