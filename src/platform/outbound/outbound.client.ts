import { assertNoConnectionHeld } from '#platform/database';
import { isAbortError } from '#platform/errors';
import { Client, type Dispatcher } from 'undici';
import {
  type HostPort,
  hostOf,
  hostPortOf,
  isAddress,
  isOwnAddress,
  isPrivateName,
  isPublicAddress,
  isWebPort,
  parseHostPort,
  portOf,
} from './address-policy.js';
import { Deadlines } from './deadlines.js';
import { hostResolver, type HostResolver } from './host-resolver.js';
import { OutboundBlockedError, OutboundError } from './outbound.errors.js';
import { pinnedConnector, type PinnedTarget } from './pinned-connector.js';
import { checkedHeaders, type HeaderRecord, headersForOtherOrigin, headersWithoutBody } from './request-headers.js';
import { contentEncodings, readBody, tooLarge } from './response-body.js';

export type OutboundMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

export interface OutboundOptions {
  /** The operator's `host:port` list (`OUTBOUND_ALLOW`): reachable besides the public internet, by every tenant. */
  readonly allow: readonly string[];
  /** Ports of this server: refused on its own addresses whatever an allow list says. */
  readonly ownPorts?: readonly number[];
  readonly userAgent: string;
  readonly resolve?: HostResolver;
  /** Milliseconds for DNS, TCP and TLS together, of each hop. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds from the connection to the answer's headers, of each hop. */
  readonly firstByteTimeoutMs?: number;
}

export interface OutboundRequest {
  readonly url: string;
  readonly method?: OutboundMethod;
  readonly headers?: HeaderRecord;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** Followed unless told: `refuse` where a request is meant for the one address that was named. */
  readonly redirects?: 'follow' | 'refuse';
  /** More `host:port` entries for this request alone. Never from a tenant's own settings. */
  readonly allow?: readonly string[];
  /** Bytes of the answer's body, inflated; 2 MiB unless told. */
  readonly maxBytes?: number;
  /** Milliseconds for everything, redirects included; 30 s unless told. */
  readonly timeoutMs?: number;
  /** Headers that only some addresses of the origin may get: a redirect elsewhere drops them. */
  readonly confined?: { readonly headers: readonly string[]; readonly covers: (url: string) => boolean };
}

export interface OutboundResponse {
  readonly status: number;
  /** Names in lower case; repeated headers joined by `, `. */
  readonly headers: HeaderRecord;
  readonly body: Buffer;
  /** The address that answered, after redirects. */
  readonly url: string;
}

const MAX_REDIRECTS = 3;
const MAX_URL_LENGTH = 8192;
const DEFAULT_MAX_BYTES = 2 * 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 30_000;
const METHODS = new Set<string>(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const SAFE_METHODS = new Set<string>(['GET', 'HEAD', 'OPTIONS']);

interface Hop {
  readonly url: URL;
  readonly method: OutboundMethod;
  readonly headers: HeaderRecord;
  readonly body: string | Uint8Array | undefined;
}

/**
 * The one HTTP client for addresses that a tenant can set.
 *
 *   URL ── scheme, port, literal, name ── resolve ── every address checked ── connect to those only ── check the socket
 *    ▲                                                                                                      │
 *    └───────────────────────── redirect (at most 3, credentials stay with their origin) ◀──────────────────┘
 *
 * Each hop has a connection of its own: a kept one would carry one tenant's permission to the next request, and a POST
 * on a connection that the other side is just closing has an unknown outcome.
 */
export class OutboundClient {
  private readonly allow: ReadonlySet<HostPort>;
  private readonly ownPorts: Set<number>;
  private readonly userAgent: string;
  private readonly resolve: HostResolver;
  private readonly connectTimeoutMs: number;
  private readonly firstByteTimeoutMs: number;

  /** @throws Error when an entry of `allow` is not `host:port` */
  constructor(options: OutboundOptions) {
    this.allow = new Set(options.allow.map(parseHostPort));
    this.ownPorts = new Set(options.ownPorts);
    this.userAgent = options.userAgent;
    this.resolve = options.resolve ?? hostResolver();
    this.connectTimeoutMs = options.connectTimeoutMs ?? 5000;
    this.firstByteTimeoutMs = options.firstByteTimeoutMs ?? 20_000;
  }

  /** Adds a port of this server, once it is known (`PORT=0` learns it by listening). */
  denyOwnPort(port: number): void {
    this.ownPorts.add(port);
  }

  /**
   * The check that needs no network, for when an address is saved. `request` makes it again, and checks what the name
   * resolves to.
   * @throws OutboundError INVALID_URL | OutboundBlockedError
   */
  checkUrl(url: string, allow: readonly string[] = []): void {
    const parsed = parseUrl(url);
    this.checkTarget(parsed, this.isAllowed(parsed, allow));
  }

  /** @throws OutboundError INVALID_REQUEST for one that may not be sent */
  checkHeaders(headers: HeaderRecord): void {
    checkedHeaders(headers);
  }

  /**
   * Sends a request and reads the whole answer; any status is an answer.
   * @throws OutboundError with `sent` saying whether the other side may have acted
   */
  async request(request: OutboundRequest): Promise<OutboundResponse> {
    assertNoConnectionHeld('The network');
    const method = request.method ?? 'GET';
    if (!METHODS.has(method)) {
      throw new OutboundError({ code: 'INVALID_REQUEST', message: `The method ${String(method)} is not supported.` });
    }
    const headers = { 'user-agent': this.userAgent, ...checkedHeaders(request.headers ?? {}) };
    let hop: Hop = { url: parseUrl(request.url), method, headers, body: request.body };
    const deadlines = new Deadlines(request.timeoutMs ?? DEFAULT_TIMEOUT_MS, request.signal);
    try {
      for (let redirects = 0; ; redirects += 1) {
        const answer = await this.send(hop, request, deadlines);
        if ('status' in answer) return answer;
        if (request.redirects === 'refuse')
          throw network('The service redirects to another address, which is not followed: enter that one.', true);
        if (redirects === MAX_REDIRECTS) throw network('The service redirects too often.', true);
        hop = confine(follow(hop, answer), request.confined);
      }
    } catch (error) {
      throw this.translate(error, deadlines);
    } finally {
      deadlines.close();
    }
  }

  private async send(
    hop: Hop,
    request: OutboundRequest,
    deadlines: Deadlines,
  ): Promise<OutboundResponse | RedirectAnswer> {
    deadlines.start('connect', this.connectTimeoutMs);
    const target = await this.admit(hop.url, request.allow ?? [], deadlines);
    const connect = pinnedConnector(target, deadlines.signal);
    const client = new Client(hop.url.origin, {
      pipelining: 0, // no keep-alive
      allowH2: false,
      headersTimeout: 0, // the deadlines are ours
      bodyTimeout: 0,
      connect: (options, callback) => {
        connect(options, (...[error, socket]) => {
          if (error !== null) return callback(error, null);
          deadlines.sent = true;
          deadlines.stop('connect');
          deadlines.start('first byte', this.firstByteTimeoutMs);
          callback(null, socket);
        });
      },
    });
    try {
      const response = await client.request({
        path: hop.url.pathname + hop.url.search,
        method: hop.method,
        headers: { ...hop.headers, 'accept-encoding': 'gzip, deflate, br' },
        body: hop.body ?? null,
        signal: deadlines.signal,
      });
      deadlines.stop('first byte');
      return await readAnswer(hop, response, request.maxBytes ?? DEFAULT_MAX_BYTES);
    } finally {
      // Closes the connection in every case, also of a redirect's body that nobody reads.
      await client.destroy().catch(() => undefined);
    }
  }

  /** The addresses that a hop may connect to. */
  private async admit(url: URL, allow: readonly string[], deadlines: Deadlines): Promise<PinnedTarget> {
    const allowed = this.isAllowed(url, allow);
    this.checkTarget(url, allowed);
    const port = portOf(url);
    const accepts = (address: string): boolean => this.accepts(address, port, allowed);
    const host = hostOf(url);
    if (isAddress(host)) return { addresses: [host], accepts };
    const lookup = this.resolve(host, { trusted: allowed, signal: deadlines.signal });
    const addresses = await deadlines.race(lookup).catch((error: unknown) => {
      throw error instanceof OutboundError ? error : network('The host name could not be resolved.', false, error);
    });
    if (addresses.length === 0) throw network('The host name could not be resolved.', false);
    // One private address among public ones is refused as well: which one is used would be luck.
    if (!addresses.every(accepts)) throw new OutboundBlockedError();
    return { addresses, accepts };
  }

  private accepts(address: string, port: number, allowed: boolean): boolean {
    if (this.ownPorts.has(port) && isOwnAddress(address)) return false;
    return allowed || (isPublicAddress(address) && !isOwnAddress(address));
  }

  private checkTarget(url: URL, allowed: boolean): void {
    const host = hostOf(url);
    const port = portOf(url);
    if (isAddress(host)) {
      if (!this.accepts(host, port, allowed)) throw new OutboundBlockedError();
    } else if (!allowed && isPrivateName(host)) throw new OutboundBlockedError();
    if (!allowed && !isWebPort(port)) throw new OutboundBlockedError();
  }

  private isAllowed(url: URL, allow: readonly string[]): boolean {
    const key = hostPortOf(url);
    return this.allow.has(key) || allow.some((entry) => parseHostPort(entry) === key);
  }

  private translate(error: unknown, deadlines: Deadlines): OutboundError {
    // A deadline or the caller ended it: whatever the socket said then is only an echo.
    if (deadlines.signal.aborted && deadlines.signal.reason instanceof OutboundError) return deadlines.signal.reason;
    if (error instanceof OutboundBlockedError) return new OutboundBlockedError({ sent: deadlines.sent });
    if (error instanceof OutboundError) return error;
    if (isAbortError(error)) return new OutboundError({ code: 'ABORTED', message: 'The request was cancelled.' });
    return network('The service could not be reached or broke the connection. Try again later.', deadlines.sent, error);
  }
}

interface RedirectAnswer {
  readonly location: string;
  readonly redirectStatus: number;
}

async function readAnswer(
  hop: Hop,
  response: Dispatcher.ResponseData,
  maxBytes: number,
): Promise<OutboundResponse | RedirectAnswer> {
  // A body that is given up below ends in an error event when its connection is closed.
  response.body.on('error', () => undefined);
  const headers = flatHeaders(response.headers);
  const location = headers['location'];
  if (location !== undefined && [301, 302, 303, 307, 308].includes(response.statusCode)) {
    return { location, redirectStatus: response.statusCode };
  }
  if (hop.method !== 'HEAD' && Number(headers['content-length'] ?? 0) > maxBytes) {
    throw tooLarge(maxBytes);
  }
  const body = await readBody(response.body, contentEncodings(headers['content-encoding']), maxBytes);
  return { status: response.statusCode, headers, body, url: hop.url.href };
}

/** The next hop. Its URL is checked like the first one when it is sent. */
function follow(hop: Hop, answer: RedirectAnswer): Hop {
  const url = URL.canParse(answer.location, hop.url.href) ? new URL(answer.location, hop.url) : null;
  if (url === null) throw network('The service redirects to an address that is not valid.', true);
  checkUrlShape(url);
  const sameOrigin = url.origin === hop.url.origin;
  const becomesGet =
    hop.method !== 'HEAD' &&
    (answer.redirectStatus === 303 || ([301, 302].includes(answer.redirectStatus) && hop.method === 'POST'));
  if (becomesGet) {
    const headers = headersWithoutBody(sameOrigin ? hop.headers : headersForOtherOrigin(hop.headers));
    return { url, method: 'GET', headers, body: undefined };
  }
  if (sameOrigin) return { ...hop, url };
  if (!SAFE_METHODS.has(hop.method)) {
    // Would repeat an effect, and hand its body, to somebody whom the tenant did not name.
    throw new OutboundBlockedError();
  }
  return { url, method: hop.method, headers: headersForOtherOrigin(hop.headers), body: undefined };
}

function confine(hop: Hop, confined: OutboundRequest['confined']): Hop {
  if (confined === undefined || confined.covers(hop.url.href)) return hop;
  const names = new Set(confined.headers.map((name) => name.toLowerCase()));
  return { ...hop, headers: Object.fromEntries(Object.entries(hop.headers).filter(([name]) => !names.has(name))) };
}

function parseUrl(text: string): URL {
  if (text.length > MAX_URL_LENGTH || !URL.canParse(text)) {
    throw new OutboundError({
      code: 'INVALID_URL',
      message: 'This is not a valid URL: write it as https://host/path.',
    });
  }
  const url = new URL(text);
  checkUrlShape(url);
  return url;
}

function checkUrlShape(url: URL): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new OutboundError({ code: 'INVALID_URL', message: 'Only http and https addresses can be called.' });
  }
  if (url.username !== '' || url.password !== '') {
    throw new OutboundError({
      code: 'INVALID_URL',
      message: 'Leave the user name and password out of the URL: put credentials into a header.',
    });
  }
  if (hostOf(url) === '' || portOf(url) === 0) {
    throw new OutboundError({ code: 'INVALID_URL', message: 'The URL names no host and port that can be called.' });
  }
}

function flatHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

function network(message: string, sent: boolean, cause?: unknown): OutboundError {
  return new OutboundError({ code: 'NETWORK', message, sent, cause });
}
