/** Working days and clock times in Ireland, where the demo shop is. Public holidays are not known here. */
const ZONE = 'Europe/Dublin';

const PARTS = new Intl.DateTimeFormat('en-GB', {
  timeZone: ZONE,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const WEEKDAY = new Intl.DateTimeFormat('en-GB', { timeZone: ZONE, weekday: 'short' });
const LONG_DATE = new Intl.DateTimeFormat('en-GB', { timeZone: ZONE, weekday: 'long', day: 'numeric', month: 'long' });

export interface DublinClock {
  /** `YYYY-MM-DD` */
  readonly date: string;
  /** `HH:MM` */
  readonly time: string;
  readonly hour: number;
  /** "Tuesday 3 March" */
  readonly longDate: string;
}

/** What a clock and a calendar in Dublin show at that moment. */
export function clockInDublin(at: Date): DublinClock {
  const part = new Map(PARTS.formatToParts(at).map(({ type, value }) => [type, value]));
  const get = (type: Intl.DateTimeFormatPartTypes): string => part.get(type) ?? '';
  return {
    date: `${get('year')}-${get('month')}-${get('day')}`,
    time: `${get('hour')}:${get('minute')}`,
    hour: Number(get('hour')),
    longDate: LONG_DATE.format(at).replace(',', ''),
  };
}

export function isSunday(at: Date): boolean {
  return WEEKDAY.format(at) === 'Sun';
}

/** The moment at which it is `time` (`H:MM` or `HH:MM`) in Dublin on the Dublin day of `day`. */
export function dublinInstant(day: Date, time: string): Date {
  const wanted = `${clockInDublin(day).date}T${time.padStart(5, '0')}:00Z`;
  const asUtc = new Date(wanted);
  const shown = clockInDublin(asUtc);
  const offset = new Date(`${shown.date}T${shown.time}:00Z`).getTime() - asUtc.getTime();
  return new Date(asUtc.getTime() - offset);
}

/** `count` working days (Monday to Friday) after `from`, before it when negative; 0 is the same day, whatever it is. */
export function addWorkingDays(from: Date, count: number): Date {
  // From noon, so that stepping 24 hours at a time cannot skip or repeat a day when the clocks change.
  let day = dublinInstant(from, '12:00');
  for (let left = Math.abs(count); left > 0;) {
    day = new Date(day.getTime() + Math.sign(count) * 86_400_000);
    if (!['Sat', 'Sun'].includes(WEEKDAY.format(day))) left--;
  }
  return day;
}
