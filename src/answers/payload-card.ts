/**
 * Reads a payload's items into cards. The tenants' tools decide what an item holds, so this looks for the usual names
 * and shows whatever else is there as labelled fields.
 */
export interface CardField {
  label: string;
  value: string;
}

export interface PayloadCard {
  key: string;
  title: string;
  subtitle: string | null;
  /** 0–100; null: the item carries no score. */
  percent: number | null;
  reasons: string[];
  /** A description in sentences. */
  text: string | null;
  fields: CardField[];
  url: string | null;
}

/** What a card says by itself, in the reader's language. */
export interface CardWords {
  /** Of numbers and dates. */
  readonly locale: string;
  readonly yes: string;
  readonly no: string;
  result(n: number): string;
}

const ENGLISH: CardWords = { locale: 'en', yes: 'Yes', no: 'No', result: (n) => `Result ${n}` };

const TITLE = ['title', 'name', 'label', 'subject'];
const SUBTITLE = ['company', 'headline', 'employer', 'organisation', 'organization'];
const TEXT = ['description', 'summary', 'text'];
/** Shown elsewhere on the card, or of no use to a person. */
const NOT_A_FIELD = new Set([
  ...TITLE,
  ...TEXT,
  'id',
  'score',
  'reasons',
  'url',
  'link',
  'currency',
  'embedding',
  'payload_type',
  'metadata',
]);
/** Amounts that a currency beside them belongs to. */
const MONEY = /salary|price|amount|total|cost|budget|pay/;
const MOST_FIELDS = 8;
const LONGEST_VALUE = 280;

const HEADINGS: Record<string, string> = {
  jobs: 'Matching jobs',
  candidates: 'Matching candidates',
  order: 'Order',
  orders: 'Orders',
  invoice: 'Invoice',
  invoices: 'Invoices',
};

/** What stands above the cards: `tracking_events` → "Tracking events". */
export function payloadHeading(payloadType: string): string {
  return HEADINGS[payloadType] ?? humanise(payloadType);
}

export function payloadCards(items: readonly unknown[], words = ENGLISH): PayloadCard[] {
  return items.map((item, index) => cardOf(item, index, words));
}

function cardOf(item: unknown, index: number, words: CardWords): PayloadCard {
  const fallback = words.result(index + 1);
  if (!isRecord(item)) {
    return { ...EMPTY, key: String(index), title: valueText(item, words) ?? fallback };
  }
  // Records keep their own data one level down; what the match says about them stands beside it.
  const inner = [item['metadata'], item['record'], item['fields'], item['attributes']].find(isRecord) ?? {};
  const all: Record<string, unknown> = { ...inner, ...item };
  const subtitleKey = SUBTITLE.find((name) => typeof all[name] === 'string');
  const url = firstText(all, ['url', 'link']);
  return {
    key: `${String(all['id'] ?? '')}-${index}`,
    title: firstText(all, TITLE) ?? fallback,
    subtitle: subtitleKey ? valueText(all[subtitleKey], words) : null,
    percent: percentOf(all['score']),
    reasons: listOf(all['reasons'], words),
    text: firstText(all, TEXT),
    fields: fieldsOf(all, { subtitleKey, inner, words }),
    url: url && /^https?:\/\//i.test(url) ? url : null,
  };
}

const EMPTY: PayloadCard = {
  key: '',
  title: '',
  subtitle: null,
  percent: null,
  reasons: [],
  text: null,
  fields: [],
  url: null,
};

/** A share of one, or already a percentage. */
export function percentOf(score: unknown): number | null {
  if (typeof score !== 'number' || !Number.isFinite(score)) return null;
  const percent = score <= 1 ? score * 100 : score;
  return Math.round(Math.min(100, Math.max(0, percent)));
}

function fieldsOf(
  all: Record<string, unknown>,
  { inner, subtitleKey, words }: { subtitleKey: string | undefined; inner: object; words: CardWords },
): CardField[] {
  const currency = typeof all['currency'] === 'string' ? all['currency'] : null;
  const fields: CardField[] = [];
  for (const [name, value] of Object.entries(withRanges(all))) {
    if (NOT_A_FIELD.has(name) || name === subtitleKey || value === inner || /_ids?$/.test(name)) continue;
    const text = valueText(value, words);
    if (text === null || text === '') continue;
    const unit = currency !== null && MONEY.test(name) && /\d$/.test(text) ? ` ${currency}` : '';
    fields.push({ label: humanise(name), value: `${text}${unit}` });
  }
  return fields.slice(0, MOST_FIELDS);
}

/** `salary_min` and `salary_max` as one `salary`, in the place of the first. */
function withRanges(all: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(all).flatMap(([name, value]): [string, unknown][] => {
    const base = /^(.+)_(?:min|max)$/.exec(name)?.[1];
    const min = all[`${base}_min`];
    const max = all[`${base}_max`];
    if (base === undefined || typeof min !== 'number' || typeof max !== 'number') return [[name, value]];
    return [[base, { min, max }]];
  });
  return Object.fromEntries(entries);
}

function listOf(reasons: unknown, words: CardWords): string[] {
  if (!Array.isArray(reasons)) return [];
  return reasons.map((reason) => reasonText(reason, words)).filter((text) => text !== null);
}

function reasonText(reason: unknown, words: CardWords): string | null {
  if (!isRecord(reason)) return valueText(reason, words);
  return firstText(reason, ['text', 'reason', 'message', 'label', 'detail']) ?? valueText(reason, words);
}

function firstText(record: Record<string, unknown>, names: string[]): string | null {
  const found = names.map((name) => record[name]).find((value) => typeof value === 'string' && value !== '');
  return typeof found === 'string' ? found : null;
}

/** A value in words: lists with commas, ranges and other objects as `name: value`; null for nothing. */
function valueText(value: unknown, words: CardWords): string | null {
  switch (typeof value) {
    case 'string':
      if (ISO_TIME.test(value)) return timeText(value, words.locale);
      return KEYWORD.test(value) ? humanise(value) : shorten(value);
    case 'number':
      return new Intl.NumberFormat(words.locale).format(value);
    case 'boolean':
      return value ? words.yes : words.no;
    case 'object':
      break;
    default:
      return null;
  }
  if (value === null) return null;
  if (Array.isArray(value))
    return shorten(
      value
        .map((part) => valueText(part, words))
        .filter(Boolean)
        .join(', '),
    );
  const { min, max } = value as { min?: unknown; max?: unknown };
  if (typeof min === 'number' && typeof max === 'number') return `${valueText(min, words)} – ${valueText(max, words)}`;
  const parts = Object.entries(value).map(([name, part]) => [humanise(name), valueText(part, words)]);
  return shorten(
    parts
      .filter(([, text]) => text)
      .map(([name, text]) => `${name}: ${text}`)
      .join(', '),
  );
}

/** `full_time`, `in_transit`: a word of a program rather than of a person. */
const KEYWORD = /^[a-z]+(?:_[a-z]+)+$/;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** A day stays that day everywhere; a moment is shown in the reader's own time zone. */
function timeText(iso: string, locale: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  return iso.includes('T')
    ? new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(time)
    : new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(time);
}

function shorten(text: string): string {
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE).trimEnd()}…` : text;
}

export function humanise(name: string): string {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll(/[_-]+/g, ' ')
    .trim()
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
