import type { Words } from './words.js';

/** What happened, for people: never a code, and never the server's own words in another language. */
export function explain(code: string, words: Words): string {
  switch (code) {
    case 'RATE_LIMIT':
      return words.tooMany;
    case 'QUOTA_EXCEEDED':
      return words.quota;
    case 'UNAVAILABLE':
    case 'DRAINING':
    case 'SUSPENDED':
      return words.unavailable;
    case 'NOT_FOUND':
      return words.gone;
    case 'CONVERSATION_CLOSED':
      return words.ended;
    case 'UNREACHABLE':
      return words.notReached;
    case 'UNAUTHORIZED':
    case 'TOKEN_EXPIRED':
      return words.signIn;
    case 'FORBIDDEN':
      return words.refused;
    default:
      return words.failed;
  }
}

/** Of whatever was thrown. */
export function explainThrown(error: unknown, words: Words): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return explain(code, words);
}
