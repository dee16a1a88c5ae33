import type { IncomingMessage } from 'node:http';
import { bearerToken } from '#auth';

/** What the request that opened a socket says, before anybody is believed. */
export interface Handshake {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly origin: string | undefined;
  readonly host: string | undefined;
  /** The user named in `/ws/{user_id}`, by id or external id; null on the other paths. */
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
const USER_PATH = /^\/ws\/([^/]{1,1000})$/;
/** As long as an external id may be. */
const MOST_CHARACTERS = 200;

/** @returns null when no socket is served at this address */
export function readHandshake(request: IncomingMessage): Handshake | null {
  let url: URL;
  try {
    url = new URL(request.url ?? '', 'ws://server');
  } catch {
    return null;
  }
  const isChat = CHAT_PATHS.includes(url.pathname);
  const userId = isChat ? null : userOf(url.pathname);
  if (userId === null && !isChat) return null;
  return {
    path: userId === null ? url.pathname : '/ws/{user_id}',
    query: url.searchParams,
    origin: request.headers.origin,
    host: request.headers.host,
    userId,
    credential: credentialOf(request, url.searchParams),
  };
}

function userOf(path: string): string | null {
  const [, segment] = USER_PATH.exec(path) ?? [];
  if (segment === undefined) return null;
  try {
    const name = decodeURIComponent(segment);
    return name.length > MOST_CHARACTERS || name.includes('\0') ? null : name;
  } catch {
    return null;
  }
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
