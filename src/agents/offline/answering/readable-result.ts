import { escapeMarkdown } from '#platform/text';
import { isRecord, wordsOf } from '../../catalog/tool-inputs.js';

const MOST_ITEMS = 5;
const MOST_FIELDS = 14;
const LONGEST_VALUE = 300;

/** A tool's result as Markdown that a person can read, when there is neither a template nor a model. */
export function readableResult(data: unknown): string {
  if (Array.isArray(data)) return readableList(data);
  if (isRecord(data)) return readableRecord(data, 0).join('\n');
  return scalar(data);
}

function readableList(items: readonly unknown[]): string {
  const lines = items.slice(0, MOST_ITEMS).map((item, index) => {
    if (!isRecord(item)) return `${index + 1}. ${scalar(item)}`;
    const fields = Object.entries(item).filter(([, value]) => isScalar(value));
    const [head, ...rest] = fields.slice(0, 5).map(([key, value]) => `${humanise(key)}: ${scalar(value)}`);
    return `${index + 1}. ${[head ?? '', ...rest].join('; ')}`;
  });
  const more = items.length - MOST_ITEMS;
  return more > 0 ? `${lines.join('\n')}\n… (${more} more)` : lines.join('\n');
}

function readableRecord(record: Record<string, unknown>, depth: number): string[] {
  const indent = '  '.repeat(depth);
  return Object.entries(record)
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .slice(0, MOST_FIELDS)
    .flatMap(([key, value]) => {
      const name = `${indent}- **${humanise(key)}**`;
      if (isScalar(value)) return [`${name}: ${scalar(value)}`];
      if (depth >= 2) return [];
      if (Array.isArray(value)) {
        if (value.every(isScalar)) return [`${name}: ${value.slice(0, MOST_ITEMS).map(scalar).join(', ')}`];
        const inner = value.slice(0, MOST_ITEMS).map((item) => {
          const fields = isRecord(item) ? Object.values(item).filter(isScalar).slice(0, 4).map(scalar) : [scalar(item)];
          return `${indent}  - ${fields.join(', ')}`;
        });
        return [`${name}:`, ...inner];
      }
      return isRecord(value) ? [`${name}:`, ...readableRecord(value, depth + 1)] : [];
    });
}

function isScalar(value: unknown): boolean {
  return value !== null && ['string', 'number', 'boolean'].includes(typeof value);
}

function scalar(value: unknown): string {
  return escapeMarkdown(typeof value === 'string' ? value.slice(0, LONGEST_VALUE) : value);
}

function humanise(key: string): string {
  const words = wordsOf(key).join(' ');
  return escapeMarkdown(words.charAt(0).toUpperCase() + words.slice(1));
}
