const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** As Standard Webhooks recommends: a restart is over in seconds, an outage in hours, a holiday in days. */
const WAITS: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];
/** So that what failed together does not come back together. */
const JITTER = 0.2;
const LONGEST_WAIT = 24 * HOUR;

export const MOST_ATTEMPTS = WAITS.length + 1;

/**
 * @param attempt tries made so far, at least one
 * @param askedFor by the server's `Retry-After`; never earlier than our own time
 * @returns null: it is given up
 */
export function waitAfter(attempt: number, askedFor: number | null, random: () => number = Math.random): number | null {
  const wait = WAITS[attempt - 1];
  if (wait === undefined) return null;
  return Math.min(LONGEST_WAIT * (1 + JITTER), Math.max(wait * (1 + random() * JITTER), askedFor ?? 0));
}

/** `Retry-After` in milliseconds: seconds, or a date. Null when there is none that reads. */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * SECOND;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
