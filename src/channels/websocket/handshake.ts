import type { IncomingMessage } from 'node:http';
import { bearerToken } from '#auth';

/** What the request that opened a socket says, before anybody is believed. */
export interface Handshake {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly origin: string | undefined;
  readonly host: string | undefined;
  /** The user named in `/ws/{user_id}`, lower case; null on the other paths. */
  readonly userId: string | null;
  readonly credential: Credential;
}

export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  /** Two different tokens: nobody can say which one was meant. */
  | { readonly kind: 'two' }
  /** An `Authorization` header that holds no bearer token. */
  | { readonly kind: 'unusable' };

const CHAT_PATHS: readonly string[] = ['/ws/chat', '/api/chat/ws'];
const USER_PATH = /^\/ws\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;

/** @returns null when no socket is served at this address */
export function readHandshake(request: IncomingMessage): Handshake | null {
  let url: URL;
  try {
    url = new URL(request.url ?? '', 'ws://server');
  } catch {
    return null;
  }
  const [, userId] = USER_PATH.exec(url.pathname) ?? [];
  if (userId === undefined && !CHAT_PATHS.includes(url.pathname)) return null;
  return {
    path: userId === undefined ? url.pathname : '/ws/{user_id}',
    query: url.searchParams,
    origin: request.headers.origin,
    host: request.headers.host,
    userId: userId?.toLowerCase() ?? null,
    credential: credentialOf(request, url.searchParams),
  };
}

function credentialOf(request: IncomingMessage, query: URLSearchParams): Credential {
  const bearer = bearerToken(request.headers);
  if (bearer === null && request.headers.authorization !== undefined) return { kind: 'unusable' };
  const tokens = new Set(query.getAll('token'));
  if (bearer !== null) tokens.add(bearer);
  const [token] = tokens;
  if (token === undefined) return { kind: 'none' };
  return tokens.size === 1 ? { kind: 'token', token } : { kind: 'two' };
}
