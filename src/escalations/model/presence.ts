export const PRESENCE_STATUSES = ['online', 'away', 'offline'] as const;
export type PresenceStatus = (typeof PRESENCE_STATUSES)[number];

export interface Availability {
  /** `offline` also when no socket of theirs was open for a while, whatever they last said. */
  readonly status: PresenceStatus;
  readonly capacity: number;
  readonly skills: readonly string[];
  readonly languages: readonly string[];
}

/** Who is there now, for what a user is told of the wait. */
export interface Workforce {
  /** Supporters who are online and could take it. */
  readonly online: number;
  /** How many conversations they could have at once, and have. */
  readonly capacity: number;
  readonly load: number;
  /** How many wait. */
  readonly waiting: number;
  /** How long one took lately. */
  readonly handlingSeconds: number;
}

/** Seen within this time counts as being there: a few of the looks at open sockets. */
export const GONE_AFTER_SECONDS = 90;

/**
 * How long the one at this place will wait, roughly: at once while somebody is free; else as many rounds as it takes until a place
 * comes free, a round being the usual time of a conversation divided by those who have one. Null while nobody is there.
 */
export function waitSeconds(position: number, workforce: Workforce): number | null {
  const { capacity, handlingSeconds, load, online } = workforce;
  if (online === 0 || capacity === 0) return null;
  const free = Math.max(0, capacity - load);
  if (position <= free) return 30;
  return Math.ceil(((position - free) * handlingSeconds) / capacity);
}
