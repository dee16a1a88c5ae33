/** Text without NUL, which Postgres cannot hold. */
export function withoutNul(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '') : text;
}

/** Text that was cut somewhere, without the half of a character that the cut may have left at its end. */
export function wholeCharacters(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  const cut = last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text;
  return cut.toWellFormed();
}
