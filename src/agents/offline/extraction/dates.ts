import { fold } from '#platform/text';

const MONTHS: Readonly<Record<string, number>> = Object.fromEntries(
  [
    'january jan enero ene januar janner',
    'february feb febrero februar',
    'march mar marzo marz maerz',
    'april apr abril abr',
    'may mayo mai',
    'june jun junio juni',
    'july jul julio juli',
    'august aug agosto ago',
    'september sep sept septiembre setiembre',
    'october oct octubre oktober okt',
    'november nov noviembre',
    'december dec diciembre dic dezember dez',
  ].flatMap((names, index) => names.split(' ').map((name) => [name, index + 1])),
);

const RELATIVE: readonly (readonly [RegExp, number])[] = [
  [/\b(?:day after tomorrow|pasado manana|ubermorgen)\b/, 2],
  [/\b(?:tomorrow|manana|morgen)\b/, 1],
  [/\b(?:day before yesterday|anteayer|vorgestern)\b/, -2],
  [/\b(?:yesterday|ayer|gestern)\b/, -1],
  [/\b(?:today|hoy|heute)\b/, 0],
];

/** Calendar dates that a text names, as YYYY-MM-DD, in order. `today` decides what "tomorrow" and a missing year mean. */
export function datesIn(text: string, today: Date): string[] {
  const found: { at: number; date: string }[] = [];
  const add = (at: number, year: number, month: number, day: number) => {
    const date = iso(year, month, day);
    if (date !== null) found.push({ at, date });
  };
  const folded = fold(text);
  for (const match of folded.matchAll(/\b(\d{4})-(\d{1,2})-(\d{1,2})\b/g)) {
    add(match.index, Number(match[1]), Number(match[2]), Number(match[3]));
  }
  // With points or slashes the day comes first, as in the languages served; 12/25 can only be a month first.
  for (const match of folded.matchAll(/\b(\d{1,2})[./](\d{1,2})[./](\d{4}|\d{2})\b/g)) {
    const [first, second] = [Number(match[1]), Number(match[2])];
    const year = Number(match[3]) + ((match[3] ?? '').length === 2 ? 2000 : 0);
    if (second > 12) add(match.index, year, first, second);
    else add(match.index, year, second, first);
  }
  for (const match of folded.matchAll(
    /\b(\d{1,2})(?:st|nd|rd|th|\.)?\s+(?:of\s+|de\s+)?(\p{L}{3,10})\.?(?:\s+(?:de\s+)?(\d{4}))?/gu,
  )) {
    const month = MONTHS[match[2] ?? ''];
    if (month !== undefined) add(match.index, Number(match[3] ?? today.getUTCFullYear()), month, Number(match[1]));
  }
  for (const match of folded.matchAll(/\b(\p{L}{3,10})\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(\d{4}))?\b/gu)) {
    const month = MONTHS[match[1] ?? ''];
    if (month !== undefined) add(match.index, Number(match[3] ?? today.getUTCFullYear()), month, Number(match[2]));
  }
  for (const [pattern, offset] of RELATIVE) {
    const match = pattern.exec(folded);
    if (match === null) continue;
    const date = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate() + offset));
    found.push({ at: match.index, date: date.toISOString().slice(0, 10) });
    break;
  }
  return [...new Set(found.sort((a, b) => a.at - b.at).map(({ date }) => date))];
}

function iso(year: number, month: number, day: number): string | null {
  const date = new Date(Date.UTC(year, month - 1, day));
  const real = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return real && year >= 1900 && year <= 2200 ? date.toISOString().slice(0, 10) : null;
}
