import { toUSVString } from 'node:util';
import type { Concealer } from '#platform/secrets';

/** Bidi controls, zero-width characters, invisible operators, tags and supplementary selectors: text nobody sees, but a model reads. */
const INVISIBLE =
  /[\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB\u{1D173}-\u{1D17A}\u{E0000}-\u{E0FFF}]/gu;

/** Joiners shape Persian or Indic words and family emoji; anywhere else they hide text. */
const STRAY_JOINER =
  /(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{M}])[\u200C\u200D]+|[\u200C\u200D]{2,}/gu;

/** Everything of C0 and C1 but tab and line feed. */
// eslint-disable-next-line no-control-regex -- they are what this is about
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g;

/**
 * Untrusted text made fit for a prompt or a person: without invisible and control characters, at most `maxLength`
 * UTF-16 units (the ellipsis included). It does not make the text trustworthy.
 * @param conceal is given the text as people would see it: invisible characters may have stood inside of a secret
 */
export function sanitizeToolText(text: string, maxLength: number, conceal: Concealer = asItIs): string {
  // Cleaning is linear, but there is no need to clean megabytes of which a sentence is kept.
  const head = toUSVString(text.slice(0, maxLength * 4));
  const visible = head
    .replace(/\r\n?/g, '\n')
    .replace(CONTROL, '')
    .replace(INVISIBLE, '')
    .replace(STRAY_JOINER, '')
    .trim();
  const clean = conceal(visible);
  if (clean.length <= maxLength) return clean;
  // Half of a surrogate pair at the cut becomes U+FFFD, which is then dropped.
  const cut = toUSVString(clean.slice(0, maxLength - 1));
  return `${cut.replace(/\uFFFD$/, '').trimEnd()}…`;
}

export interface DataLimits {
  readonly maxDepth: number;
  readonly maxNodes: number;
  readonly maxStringLength: number;
}

const DEFAULT_LIMITS: DataLimits = { maxDepth: 20, maxNodes: 20_000, maxStringLength: 20_000 };
const DANGEROUS_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * A plain copy of untrusted JSON: every string sanitised, keys that could reach a prototype left out, what is too deep
 * or too much cut off. The result can be stored as `jsonb` and put into a prompt.
 */
export function sanitizeToolData(
  value: unknown,
  limits: DataLimits = DEFAULT_LIMITS,
  conceal: Concealer = asItIs,
): unknown {
  let nodes = 0;
  const copy = (item: unknown, depth: number): unknown => {
    nodes += 1;
    if (depth > limits.maxDepth || nodes > limits.maxNodes) return null;
    switch (typeof item) {
      case 'string':
        return sanitizeToolText(item, limits.maxStringLength, conceal);
      case 'number':
        return Number.isFinite(item) ? item : null;
      case 'boolean':
        return item;
      case 'object':
        break;
      default:
        return null;
    }
    if (item === null) return null;
    if (Array.isArray(item)) {
      const room = Math.max(0, limits.maxNodes - nodes);
      return item.slice(0, room).map((entry) => copy(entry, depth + 1));
    }
    if (item instanceof Date) return item.toJSON();
    const result: Record<string, unknown> = {};
    for (const [key, entry] of Object.entries(item)) {
      if (nodes >= limits.maxNodes) break;
      if (entry === undefined || DANGEROUS_KEYS.has(key)) continue;
      result[sanitizeToolText(key, 200, conceal)] = copy(entry, depth + 1);
    }
    return result;
  };
  return copy(value, 0);
}

function asItIs(text: string): string {
  return text;
}

export function isDangerousKey(key: string): boolean {
  return DANGEROUS_KEYS.has(key);
}
