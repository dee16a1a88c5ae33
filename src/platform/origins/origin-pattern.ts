/**
 * A browser origin as people list it: `https://app.example.com`, or `https://*.example.com` for the names one level below.
 * As in certificates the star is a whole label and stands for exactly one: neither `https://example.com` nor
 * `https://a.b.example.com` is meant, and two labels at least follow it.
 */
const HTTP = /^https?:\/\/([^/]+)$/;

/** Whether a list may hold it. */
export function isOriginPattern(value: string): boolean {
  if (!value.includes('*')) return isOrigin(value);
  const [, host = ''] = HTTP.exec(value) ?? [];
  if (!/^\*(?:\.[^.*:]+){2,}(?::\d+)?$/.test(host)) return false;
  return isOrigin(value.replace('*', 'any'));
}

export const ORIGIN_PATTERN_HINT =
  'must be an origin such as https://app.example.com, or https://*.example.com for the names one level below it, without a path';

/**
 * What a list may hold to mean this origin: look for any of them.
 * @param origin the header as sent; `null` (a sandboxed frame), and whatever no browser sends, is meant by nothing
 */
export function patternsFor(origin: string): string[] {
  if (origin.includes('*') || !isOrigin(origin)) return [];
  const url = new URL(origin);
  const [first, ...above] = url.hostname.split('.');
  if (first === '' || above.length < 2 || /^[\d.]+$/.test(url.hostname)) return [origin];
  const port = url.port === '' ? '' : `:${url.port}`;
  return [origin, `${url.protocol}//*.${above.join('.')}${port}`];
}

export function isListed(list: readonly string[], origin: string): boolean {
  return patternsFor(origin).some((pattern) => list.includes(pattern));
}

function isOrigin(value: string): boolean {
  return HTTP.test(value) && URL.canParse(value) && new URL(value).origin === value;
}
