/** The title until the conversation gets one of its own. */
export function defaultTitle(now: Date): string {
  return `Chat ${now.toISOString().slice(0, 16).replace('T', ' ')}`;
}
