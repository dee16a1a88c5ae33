/**
 * Who is on the page: nobody yet, a visitor known by a token that this browser keeps, or a person whom the site's server
 * names. A session is asked for when one is needed, not for everybody who passes by.
 */
import type { Memory } from './memory.js';

export type IdentitySource = string | (() => string | Promise<string>);

interface SessionAnswer {
  readonly access_token: string;
  readonly expires_in: number;
  readonly visitor_id: string;
  readonly visitor_token: string | null;
}

export class SessionRefusedError extends Error {
  override readonly name = 'SessionRefusedError';

  constructor(
    /** 0: the server was not reached. */
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** One that ends sooner is not used for another page. */
const GOOD_FOR_MS = 60_000;
const SHARED_MS = 3000;

export class Visitor {
  private identity: IdentitySource | null = null;
  private visitorId: string | null = null;
  private lastToken: string | null = null;
  private asking: Promise<string> | null = null;
  private askedAt = -Infinity;
  /** Raised when the visitor becomes another, so that answers for the one before are told apart. */
  private generation = 0;

  constructor(
    private readonly url: string,
    private readonly memory: Memory,
    private readonly now: () => number = Date.now,
  ) {}

  /** The visitor's or person's id, once a session said it. */
  get id(): string | null {
    return this.visitorId;
  }

  get isIdentified(): boolean {
    return this.identity !== null;
  }

  /** Whether there may be earlier conversations. */
  get isKnown(): boolean {
    return this.identity !== null || this.memory.visitorToken !== null;
  }

  /**
   * The site's server says who it is. What the visitor said before becomes the person's at once; for who said nothing a session
   * is asked for when there is something to say.
   * @throws SessionRefusedError and leaves everything as it was, when the identity is refused
   */
  async identify(source: IdentitySource): Promise<void> {
    const before = { identity: this.identity, wasKnown: this.isKnown };
    this.become(source);
    if (!before.wasKnown) return;
    try {
      await this.token();
    } catch (error) {
      if (this.identity === source && error instanceof SessionRefusedError && error.status === 401)
        this.become(before.identity);
      throw error;
    }
  }

  private become(identity: IdentitySource | null): void {
    this.generation += 1;
    this.identity = identity;
    this.asking = null;
    this.askedAt = -Infinity;
    this.memory.session = null;
  }

  /** Nobody again. What was said stays with the server. */
  forget(): void {
    const token = this.lastToken;
    this.become(null);
    this.visitorId = null;
    this.lastToken = null;
    this.memory.forget();
    if (token !== null) void this.end(token);
  }

  /**
   * An access token for whoever it is.
   * @throws SessionRefusedError
   */
  token(): Promise<string> {
    const { generation } = this;
    // Who asks right after somebody else wants the same one.
    if (this.asking === null && this.lastToken !== null && this.now() - this.askedAt < SHARED_MS)
      return Promise.resolve(this.lastToken);
    this.asking ??= this.ask(generation).finally(() => {
      if (generation === this.generation) this.asking = null;
    });
    return this.asking;
  }

  private async ask(generation: number): Promise<string> {
    const kept = this.lastToken === null && this.identity === null ? this.memory.session : null;
    if (kept !== null && kept.endsAt - this.now() > GOOD_FOR_MS && this.memory.visitorToken !== null) {
      this.visitorId = kept.visitorId;
      this.lastToken = kept.token;
      return kept.token;
    }
    const answer = await this.begin();
    if (generation !== this.generation) throw new SessionRefusedError(0, 'The visitor is another one by now');
    const { access_token: token, visitor_id: visitorId } = answer;
    // Another one's conversation is not shown.
    const { chat } = this.memory;
    const isMoved = this.identity !== null && this.memory.visitorToken !== null;
    if (chat !== null && chat.of !== visitorId) this.memory.chat = isMoved ? { ...chat, of: visitorId } : null;
    this.visitorId = visitorId;
    this.lastToken = token;
    this.askedAt = this.now();
    this.memory.visitorToken = answer.visitor_token;
    this.memory.session =
      answer.visitor_token === null ? null : { token, visitorId, endsAt: this.now() + answer.expires_in * 1000 };
    return token;
  }

  private async begin(): Promise<SessionAnswer> {
    const { identity } = this;
    const identityToken = typeof identity === 'function' ? await identity() : identity;
    const { visitorToken } = this.memory;
    const body = {
      ...(visitorToken === null ? {} : { visitor_token: visitorToken }),
      ...(identityToken === null ? {} : { identity_token: identityToken }),
    };
    try {
      return await this.post(body);
    } catch (error) {
      const isOld = error instanceof SessionRefusedError && error.status === 401 && visitorToken !== null;
      if (!isOld) throw error;
      // Run out, or a person's by now: begin again without it. When it was the identity that is refused, it is so again.
      const answer = await this.post(identityToken === null ? {} : { identity_token: identityToken });
      this.memory.visitorToken = null;
      return answer;
    }
  }

  private async post(body: object): Promise<SessionAnswer> {
    let response: Response;
    try {
      response = await fetch(`${this.url}/sessions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    } catch {
      throw new SessionRefusedError(0, 'The chat could not be reached');
    }
    const answer = (await response.json().catch(() => null)) as (SessionAnswer & { detail?: string }) | null;
    if (response.ok && answer !== null) return answer;
    throw new SessionRefusedError(
      response.status,
      answer?.detail ?? `The chat answered with status ${response.status}`,
    );
  }

  /** The next one at this computer opens nothing with it. Best effort: it ends by itself soon. */
  private async end(token: string): Promise<void> {
    const [server] = this.url.split('/api/');
    await fetch(`${server}/api/auth/logout`, { method: 'POST', headers: { authorization: `Bearer ${token}` } }).catch(
      () => undefined,
    );
  }
}
