import type { TokenSource } from './rest.js';

/** Before its end; at half of a shorter life. */
const RENEW_BEFORE_MS = 60_000;
/** One that ends sooner is asked for anew. */
const GOOD_FOR_MS = 5000;
/** `setTimeout` holds no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Tokens that somebody else gives out, such as the page's own server: asked for when one is needed, kept while it is good, and
 * renewed before it ends for as long as anybody listens.
 */
export class RenewedToken implements TokenSource {
  private current: { readonly token: string; readonly endsAt: number; readonly from: number } | null = null;
  private asking: Promise<string | null> | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<(token: string) => void>();

  /** @param ask null: there is none, the person is signed out. Throws when it could not be asked for */
  constructor(
    private readonly ask: () => Promise<string | null>,
    private readonly now: () => number = Date.now,
  ) {}

  async token(fresh: boolean): Promise<string | null> {
    const { current } = this;
    if (!fresh && current !== null && current.endsAt - this.now() > GOOD_FOR_MS) return current.token;
    return this.renew();
  }

  onRenewed(listener: (token: string) => void): () => void {
    this.listeners.add(listener);
    this.schedule();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) clearTimeout(this.timer);
    };
  }

  /** One question at a time, whoever needs the answer. */
  private renew(): Promise<string | null> {
    this.asking ??= this.ask()
      .then((token) => this.keep(token))
      .finally(() => (this.asking = null));
    return this.asking;
  }

  private keep(token: string | null): string | null {
    const from = this.now();
    this.current = token === null ? null : { token, from, endsAt: endOf(token) ?? Infinity };
    this.schedule();
    return token;
  }

  private schedule(): void {
    clearTimeout(this.timer);
    if (this.current === null || this.listeners.size === 0) return;
    const { endsAt, from } = this.current;
    const life = endsAt - from;
    const due = life > 2 * RENEW_BEFORE_MS ? endsAt - RENEW_BEFORE_MS : from + life / 2;
    const pause = Math.max(0, due - this.now());
    if (pause > LONGEST_TIMER_MS) return;
    this.timer = setTimeout(() => void this.tell(), pause);
  }

  private async tell(): Promise<void> {
    // Not reached: the next request, or the server's TOKEN_EXPIRED, asks again.
    const token = await this.renew().catch(() => null);
    if (token !== null) for (const listener of this.listeners) listener(token);
  }
}

/** Epoch milliseconds, as a JWT says it; null for what is none. */
function endOf(token: string): number | null {
  try {
    const [, payload = ''] = token.split('.');
    const { exp } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1000 : null;
  } catch {
    return null;
  }
}
