import type { TokenSource } from './rest.js';

const RENEW_BEFORE_MS = 60_000;
/** One that ends sooner is asked for anew. */
const GOOD_FOR_MS = 5000;
/** `setTimeout` holds no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How long to wait before a token is renewed that is good for so long: until a minute before its end, or half of a short life. */
export function renewalPause(leftMs: number): number {
  return Math.max(0, leftMs > 2 * RENEW_BEFORE_MS ? leftMs - RENEW_BEFORE_MS : leftMs / 2);
}

/**
 * Tokens that somebody else gives out, such as the page's own server: asked for when one is needed, kept while it is good, and
 * renewed before it ends for as long as anybody listens.
 */
export class RenewedToken implements TokenSource {
  private current: { readonly token: string; readonly endsAt: number } | null = null;
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
    this.current = token === null ? null : { token, endsAt: endOf(token) ?? Infinity };
    this.schedule();
    return token;
  }

  private schedule(): void {
    clearTimeout(this.timer);
    if (this.current === null || this.listeners.size === 0) return;
    const pause = renewalPause(this.current.endsAt - this.now());
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
