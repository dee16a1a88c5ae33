/**
 * Who is signed in: the tokens, kept for this tab only, and their renewal before they expire.
 * Refresh tokens rotate, so there is one renewal at a time and its successor replaces the old one at once.
 */
import { renewalPause } from './renewed-token.js';
import type { TokenSource } from './rest.js';
import type { KeyValueStore } from './store.js';

export interface User {
  id: string;
  email: string | null;
  name: string | null;
  role: string;
  persona?: string | null;
  tenant: { id: string; slug: string; name?: string };
}

/** What signing in and renewing answer. */
export interface TokenAnswer {
  access_token: string;
  refresh_token: string;
  /** Seconds. */
  expires_in: number;
  user?: User;
}

export interface Tokens {
  accessToken: string;
  refreshToken: string;
  /** Epoch milliseconds. */
  expiresAt: number;
  user: User;
}

export interface SessionOptions {
  store: KeyValueStore;
  /** Trades a refresh token for new tokens; null: refused, sign in again. Throws when the server was not reached. */
  refresh(refreshToken: string): Promise<TokenAnswer | null>;
  now?: () => number;
}

const KEY = 'switchboard.session';

export class Session implements TokenSource {
  private tokens: Tokens | null;
  private renewal: Promise<Tokens | null> | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<(tokens: Tokens | null) => void>();
  private readonly now: () => number;

  constructor(private readonly options: SessionOptions) {
    this.now = options.now ?? Date.now;
    this.tokens = readTokens(options.store.getItem(KEY));
    this.schedule();
  }

  get current(): Tokens | null {
    return this.tokens;
  }

  subscribe(listener: (tokens: Tokens | null) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  onRenewed(listener: (token: string) => void): () => void {
    return this.subscribe((tokens) => {
      if (tokens) listener(tokens.accessToken);
    });
  }

  start(answer: TokenAnswer & { user: User }): void {
    this.keep(answer, answer.user);
  }

  /** A token that is good for a while yet; null when signed out. Throws when a renewal could not reach the server. */
  async token(fresh = false): Promise<string | null> {
    if (!this.tokens) return null;
    if (!fresh && this.tokens.expiresAt - this.now() > 5_000) return this.tokens.accessToken;
    return (await this.renew())?.accessToken ?? null;
  }

  end(): void {
    clearTimeout(this.timer);
    this.tokens = null;
    this.options.store.removeItem(KEY);
    this.announce();
  }

  private renew(): Promise<Tokens | null> {
    this.renewal ??= this.exchange().finally(() => {
      this.renewal = null;
    });
    return this.renewal;
  }

  private async exchange(): Promise<Tokens | null> {
    const before = this.tokens;
    if (!before) return null;
    const answer = await this.options.refresh(before.refreshToken);
    if (this.tokens !== before) return this.tokens;
    if (!answer) {
      this.end();
      return null;
    }
    return this.keep(answer, answer.user ?? before.user);
  }

  private keep(answer: TokenAnswer, user: User): Tokens {
    this.tokens = {
      accessToken: answer.access_token,
      refreshToken: answer.refresh_token,
      expiresAt: this.now() + answer.expires_in * 1000,
      user,
    };
    this.options.store.setItem(KEY, JSON.stringify(this.tokens));
    this.schedule();
    this.announce();
    return this.tokens;
  }

  private schedule(): void {
    clearTimeout(this.timer);
    if (!this.tokens) return;
    this.timer = setTimeout(
      () => {
        // Not reached: the next request, or the socket's TOKEN_EXPIRED, tries again.
        this.renew().catch(() => undefined);
      },
      renewalPause(this.tokens.expiresAt - this.now()),
    );
  }

  private announce(): void {
    for (const listener of this.listeners) listener(this.tokens);
  }
}

function readTokens(text: string | null): Tokens | null {
  if (!text) return null;
  try {
    const tokens = JSON.parse(text) as Partial<Tokens>;
    return tokens.accessToken && tokens.refreshToken && tokens.user ? (tokens as Tokens) : null;
  } catch {
    return null;
  }
}
