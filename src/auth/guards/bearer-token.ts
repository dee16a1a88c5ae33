import type { IncomingHttpHeaders } from 'node:http';

/** The token of an `Authorization: Bearer …` header; null when there is no such header. */
export function bearerToken(headers: IncomingHttpHeaders): string | null {
  const [, token] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
  return token ?? null;
}
