export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** When people are there, by the wall clock of a place: summer time is that place's own affair. */
export interface Hours {
  readonly time_zone: string;
  /** `HH:MM`; `to` is not included and may be 24:00. Several of one day are a day with a break. */
  readonly week: readonly { readonly day: Weekday; readonly from: string; readonly to: string }[];
}

export function isOpenAt({ time_zone: timeZone, week }: Hours, at: Date): boolean {
  const { day, time } = wallClock(timeZone, at);
  return week.some((open) => open.day === day && open.from <= time && time < open.to);
}

/** What a clock on the wall there shows. */
function wallClock(timeZone: string, at: Date): { readonly day: Weekday; readonly time: string } {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const day = (parts.get('weekday') ?? '').toLowerCase() as Weekday;
  return { day, time: `${parts.get('hour') ?? ''}:${parts.get('minute') ?? ''}` };
}
