import { OutboundError } from './outbound.errors.js';

export type HeaderRecord = Readonly<Record<string, string>>;

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What RFC 9110 allows in a value. Above all no CR, LF or NUL, which would start another header or request. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Framing and routing are the client's: a `host` of the tenant's choice would reach virtual hosts past the address check. */
const RESERVED = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What may follow a redirect to another origin. A list of the harmless: the name of a secret header cannot be guessed. */
const HARMLESS = new Set(['accept', 'accept-language', 'user-agent']);

/**
 * Header names in lower case, checked.
 * @throws OutboundError INVALID_REQUEST naming the header that may not be sent
 */
export function checkedHeaders(headers: HeaderRecord): Record<string, string> {
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const key = name.toLowerCase();
    if (!NAME.test(name) || RESERVED.has(key)) {
      throw new OutboundError({
        code: 'INVALID_REQUEST',
        message: `The header "${printable(name)}" may not be set; remove it.`,
      });
    }
    if (!VALUE.test(value)) {
      throw new OutboundError({
        code: 'INVALID_REQUEST',
        message: `The header "${name}" has a line break or another character that headers may not carry.`,
      });
    }
    checked[key] = value;
  }
  return checked;
}

export function headersForOtherOrigin(headers: HeaderRecord): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => HARMLESS.has(name)));
}

/** For a request that lost its body on the way. */
export function headersWithoutBody(headers: HeaderRecord): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('content-')));
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 60);
}
