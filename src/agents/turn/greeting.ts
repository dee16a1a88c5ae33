/** A greeting at the start of something else. */
const LEADING =
  /^\s*(?:(?:hi|hey|hello|hiya|hola|hallo|moin|servus|greetings|dear (?:team|support|all|sir|madam)|good (?:morning|afternoon|evening|day)|buen(?:os|as)? (?:d[ií]as?|tardes|noches)|buenas|guten (?:tag|morgen|abend)|gr[uü](?:ß|ss) gott)(?: (?:there|all|everyone|team|again|zusammen|a todos))?)(?:\s*[,!.…:–-]+\s*|\s+)(?=\S)/iu;

/** The message without the greeting before its request. */
export function withoutGreeting(message: string): string {
  const rest = message.replace(LEADING, '');
  return rest.trim() === '' ? message.trim() : rest.trim();
}
