import { LRUCache } from 'lru-cache';

/** A day as YYYY-MM-DD with the arithmetic that extraction needs; no clock, no zone. */
export type Day = string;

const DAY_MS = 86_400_000;

/** @returns null when the calendar has no such day, or nobody would mean it */
export function dayOf(year: number, month: number, day: number): Day | null {
  const date = new Date(Date.UTC(year, month - 1, day));
  const real = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return real && year >= 1900 && year <= 2200 ? date.toISOString().slice(0, 10) : null;
}

export function addDays(day: Day, days: number): Day {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

/** How many days `to` lies after `from`. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
}

/** "3 May" without a year is the one that is nearest to today. */
export function nearestYear(today: Day, month: number, day: number): Day | null {
  const year = Number(today.slice(0, 4));
  const days = [year - 1, year, year + 1].map((one) => dayOf(one, month, day)).filter((one) => one !== null);
  const distance = (one: Day) => Math.abs(daysBetween(today, one));
  return days.sort((a, b) => distance(a) - distance(b))[0] ?? null;
}

export interface WallClock {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

/** Making one takes longer than all the rest of a reading. */
const clocks = new LRUCache<string, Intl.DateTimeFormat>({ max: 500 });

/**
 * What a clock on the wall shows in a time zone.
 * @throws RangeError when there is no such zone
 */
export function wallClock(instant: Date, timeZone: string): WallClock {
  let format = clocks.get(timeZone);
  if (format === undefined) {
    const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
    format = new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23', ...numeric });
    clocks.set(timeZone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  const { day = 1, hour = 0, minute = 0, month = 1, year = 1970 } = parts;
  return { year, month, day, hour, minute };
}

/** The moment at which the zone's clocks show this, as RFC 3339 with the zone's offset. */
export function zonedTime(day: Day, time: string, timeZone: string): string {
  const shown = Date.parse(`${day}T${time}:00Z`);
  const offset = offsetMinutes(new Date(shown - offsetMinutes(new Date(shown), timeZone) * 60_000), timeZone);
  if (offset === 0) return `${day}T${time}:00Z`;
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60].map((n) =>
    String(n).padStart(2, '0'),
  );
  return `${day}T${time}:00${offset < 0 ? '-' : '+'}${hours}:${minutes}`;
}

function offsetMinutes(instant: Date, timeZone: string): number {
  const { year, month, day, hour, minute } = wallClock(instant, timeZone);
  return Math.round((Date.UTC(year, month - 1, day, hour, minute) - instant.getTime()) / 60_000);
}
