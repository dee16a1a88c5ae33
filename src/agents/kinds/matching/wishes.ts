import { fold } from '#platform/text';

/**
 * What a message asks for beyond the profile. Only what is plainly said: names behind "in", known ways of working, known
 * skills of the profile's own kind, a salary. The fields are those that matching compares.
 */
export interface Wishes {
  readonly remote?: 'remote' | 'hybrid' | 'onsite';
  readonly locations: readonly string[];
  readonly keywords: readonly string[];
  readonly salary?: number;
}

const REMOTE: readonly (readonly ['remote' | 'hybrid' | 'onsite', RegExp])[] = [
  ['hybrid', /\b(?:hybrid|hibrido|teilweise (?:remote|homeoffice))\b/],
  ['onsite', /\b(?:on-?site|in (?:the )?office|no remote|not remote|presencial|vor ort|im buro)\b/],
  ['remote', /\b(?:remote(?:ly)?|work from home|home ?office|wfh|remoto|teletrabajo|desde casa|von zu hause)\b/],
];
const NOT_PLACES = new Set(
  'english spanish german french my the january february march april may june july august september october november december monday tuesday wednesday thursday friday'.split(
    ' ',
  ),
);

export function wishesIn(message: string): Wishes {
  const folded = fold(message);
  const remote = REMOTE.find(([, pattern]) => pattern.test(folded))?.[0];
  const locations = [
    ...message.matchAll(
      /(?<![\p{L}])(?:in|near|around|at|en|cerca de|bei|nahe)\s+((?:\p{Lu}[\p{L}'’-]+)(?:\s+\p{Lu}[\p{L}'’-]+)?)/gu,
    ),
  ].flatMap(([, place]) => (place === undefined || NOT_PLACES.has(fold(place)) ? [] : [place]));
  const salary = salaryIn(folded);
  const places = new Set(locations.map(fold));
  // Names of techniques: capitals inside a sentence (React, TypeScript, SQL), or signs within (C++, Node.js, CI/CD).
  const keywords = [
    ...message.matchAll(
      /(?<=\S[\s(/,]+|["“])((?:\p{Lu}[\p{L}\d]*(?:[.+#/-][\p{L}\d+#]+)*[+#]*)|(?:[\p{Ll}]+(?:\.js|\+\+|#)))(?![\p{L}\d])/gu,
    ),
  ]
    .flatMap(([, word]) => (word === undefined || word.length < 2 ? [] : [word.replace(/[./-]+$/, '')]))
    .filter((word) => !places.has(fold(word)) && ![...places].some((place) => place.split(' ').includes(fold(word))))
    .filter((word) => word !== 'I' && !NOT_PLACES.has(fold(word)));
  return {
    ...(remote === undefined ? {} : { remote }),
    locations: [...new Set(locations)],
    keywords: [...new Set(keywords)],
    ...(salary === null ? {} : { salary }),
  };
}

export function nothingSaid({ keywords, locations, remote, salary }: Wishes): boolean {
  return keywords.length === 0 && locations.length === 0 && remote === undefined && salary === undefined;
}

/** "60k", "€60,000", "60.000 Euro": a yearly sum. */
function salaryIn(folded: string): number | null {
  const match = /(?:[€$£]\s*)?(\d{2,3})(?:[.,](\d{3})|\s?k)\b/.exec(folded);
  if (match === null) return null;
  return Number(match[1]) * 1000 + Number(match[2] ?? 0);
}
