import { concealing } from '#platform/secrets';

const LONGEST_DETAIL = 500;

/** Key-like words of the common providers, whole or masked in the middle, and whatever follows `Bearer`. */
const KEY_LIKE = /\b(?:sk|gsk|pk|rk|xai|AIza|hf)[-_][\w*.-]{4,}|Bearer\s+[^\s"',]+/gi;

/**
 * A provider's words, fit for a log: providers repeat keys in their refusals, in full or masked, and in any spelling.
 * @param key the key that was sent, which need not look like one
 */
export function redact(text: string, key: string | null): string {
  const without = concealing([key ?? ''], { mask: '[key]', shortest: 1 })(text);
  const clean = without.replace(KEY_LIKE, '[key]').replace(/\s+/g, ' ').trim();
  return clean.length > LONGEST_DETAIL ? `${clean.slice(0, LONGEST_DETAIL)}…` : clean;
}
