/**
 * The connection to `/ws/chat`, without a conversation and without a DOM: it authenticates, renews, notices a dead
 * line, and comes back with growing pauses. What to say on it is its owner's business.
 *
 *   connecting ──open, auth──▶ (authenticating) ──ready──▶ ready ──close──▶ waiting ──pause──▶ connecting
 *                                                            └──4403, 4400, or no token──▶ stopped
 */
import { parseServerFrame, type ClientFrame, type ServerFrame } from './protocol.js';

/** The part of a browser's WebSocket that is used here. */
export interface SocketLike {
  send(data: string): void;
  close(code?: number): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
}

export type ConnectionStatus =
  | { state: 'connecting' }
  | { state: 'ready'; draining: boolean }
  /** `retryAt`: epoch milliseconds. */
  | { state: 'waiting'; retryAt: number; attempt: number }
  | { state: 'stopped'; reason: string };

export interface ConnectionOptions {
  url: string;
  /** The current access token, refreshed first when `fresh` is set or it is about to expire; null: signed out. */
  token(fresh: boolean): Promise<string | null>;
  onFrame(frame: ServerFrame): void;
  onStatus(status: ConnectionStatus): void;
  /** After each successful authentication of a new connection. */
  onReady(): void;
  createSocket?: (url: string) => SocketLike;
  now?: () => number;
  random?: () => number;
}

/** How often the line is probed, and how long an answer may take: browsers do not show the server's own pings. */
const PING_EVERY_MS = 25_000;
const PONG_WITHIN_MS = 10_000;
const LONGEST_PAUSE_MS = 15_000;

/** Pause before attempt n (from 1): half a second, doubled each time, at most 15 s, of which up to half is random. */
export function reconnectPause(attempt: number, random: number): number {
  const full = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** (attempt - 1));
  return Math.round(full * (0.5 + random / 2));
}

export class Connection {
  private socket: SocketLike | null = null;
  private status: ConnectionStatus = { state: 'connecting' };
  private attempt = 0;
  private needsFreshToken = false;
  /** What the server said before it closed. */
  private refusal: string | null = null;
  private closed = false;
  /** Raised with each new connection, so that what an older one still reports is told apart. */
  private generation = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private pingTimer: ReturnType<typeof setInterval> | undefined;
  private pongTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: ConnectionOptions) {}

  connect(): void {
    if (this.closed) return;
    clearTimeout(this.retryTimer);
    this.drop();
    const generation = this.generation;
    this.refusal = null;
    this.setStatus({ state: 'connecting' });
    const create = this.options.createSocket ?? ((url: string) => new WebSocket(url) as SocketLike);
    const socket = create(this.options.url);
    this.socket = socket;
    socket.onopen = () => void this.authenticate(generation, this.needsFreshToken);
    socket.onmessage = (event) => {
      if (generation === this.generation) this.receive(event.data, generation);
    };
    socket.onclose = (event) => {
      if (generation === this.generation) this.lost(event.code);
    };
    // A handshake that hangs, or an `auth` without an answer, is as dead as a closed line.
    this.pongTimer = setTimeout(() => this.lost(1006), PONG_WITHIN_MS);
  }

  /** Sends when the connection is authenticated; false: not now, `onReady` will come. */
  send(frame: ClientFrame): boolean {
    if (this.status.state !== 'ready' || !this.socket) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** True while new messages should be sent: connected, and the server is not about to leave. */
  get accepting(): boolean {
    return this.status.state === 'ready' && !this.status.draining;
  }

  /** Hands a renewed token to the server, so that the connection outlives the old one. */
  renew(token: string): void {
    this.send({ type: 'auth', token });
  }

  /** Begins again with another token: whoever it is signed in for is somebody else by now. */
  signInAgain(): void {
    this.needsFreshToken = true;
    this.connect();
  }

  /** The network is back, or the person is impatient. */
  retryNow(): void {
    if (this.status.state === 'waiting' || this.status.state === 'stopped') this.connect();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retryTimer);
    this.drop();
  }

  private async authenticate(generation: number, fresh: boolean): Promise<void> {
    let token: string | null;
    try {
      token = await this.options.token(fresh);
    } catch {
      // The renewal did not reach the server: the same trouble as a lost line.
      if (generation === this.generation) this.lost(1006);
      return;
    }
    if (generation !== this.generation) return;
    if (token === null) {
      this.stop('Please sign in again.');
      return;
    }
    this.needsFreshToken = false;
    this.socket?.send(JSON.stringify({ type: 'auth', token } satisfies ClientFrame));
  }

  private receive(data: unknown, generation: number): void {
    clearTimeout(this.pongTimer);
    const frame = parseServerFrame(data);
    if (!frame) return;
    if (frame.type === 'ready' && this.status.state !== 'ready') {
      this.attempt = 0;
      this.setStatus({ state: 'ready', draining: false });
      clearInterval(this.pingTimer);
      this.pingTimer = setInterval(() => this.ping(), PING_EVERY_MS);
      this.options.onFrame(frame);
      this.options.onReady();
      return;
    }
    if (frame.type === 'server_draining') this.setStatus({ state: 'ready', draining: true });
    if (frame.type === 'error' && frame.code === 'TOKEN_EXPIRED') {
      void this.authenticate(generation, true);
      return;
    }
    // Said just before the connection is closed, which does the rest.
    if (frame.type === 'error' && (frame.code === 'SUSPENDED' || (frame.code === 'UNAVAILABLE' && !this.isReady))) {
      this.refusal = frame.message;
      return;
    }
    if (frame.type === 'error' && frame.code === 'UNAUTHORIZED') {
      this.needsFreshToken = true;
      return;
    }
    this.options.onFrame(frame);
  }

  private get isReady(): boolean {
    return this.status.state === 'ready';
  }

  private ping(): void {
    if (!this.send({ type: 'ping' })) return;
    clearTimeout(this.pongTimer);
    this.pongTimer = setTimeout(() => this.lost(1006), PONG_WITHIN_MS);
  }

  private lost(code: number): void {
    const wasDraining = this.status.state === 'ready' && this.status.draining;
    this.drop();
    if (this.closed) return;
    if (code === 4403) return this.stop(this.refusal ?? 'This page may not use the chat from this address.');
    if (code === 4400) return this.stop('The server refused the connection. Reload the page.');
    if (code === 4401) this.needsFreshToken = true;
    this.attempt += 1;
    // Too many connections does not get better by knocking at once.
    const step = code === 4429 ? Math.max(this.attempt, 5) : this.attempt;
    const random = (this.options.random ?? Math.random)();
    const pause = reconnectPause(step, random) + (wasDraining || code === 1012 ? 300 : 0);
    const now = (this.options.now ?? Date.now)();
    this.setStatus({ state: 'waiting', retryAt: now + pause, attempt: this.attempt });
    this.retryTimer = setTimeout(() => this.connect(), pause);
  }

  private stop(reason: string): void {
    this.drop();
    this.setStatus({ state: 'stopped', reason });
  }

  private drop(): void {
    this.generation += 1;
    clearInterval(this.pingTimer);
    clearTimeout(this.pongTimer);
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  private setStatus(status: ConnectionStatus): void {
    this.status = status;
    this.options.onStatus(status);
  }
}
