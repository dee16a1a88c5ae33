import type { ConversationEvent, Subscriber } from '#conversations';
import { newId } from '#platform/database';
import {
  type DomainError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  RateLimitError,
  TokenExpiredError,
  UnauthorizedError,
} from '#platform/errors';
import type { Logger } from '#platform/logging';
import { effectOf, errorFrame } from '../protocol/error-frame.js';
import { EventEncoder } from '../protocol/event-encoder.js';
import {
  type AuthFrame,
  type ClientFrame,
  type Echo,
  parseFrame,
  type ResumeFrame,
  type UserMessageFrame,
  type AbortFrame,
} from '../protocol/parse-frame.js';
import type { ConversationName } from '../protocol/conversation-name.js';
import type { ConnectionOptions, ReaderOptions } from '../protocol/reader-options.js';
import type { RegisteredConnection } from './connection-registry.js';
import { FrameBudget } from './frame-budget.js';
import type { Handshake } from './handshake.js';
import { isSamePerson, type SocketIdentity } from './socket-identity.js';
import { CLOSE, type SocketWriter } from './socket-writer.js';

/** A token has to come within this time after opening. */
export const AUTH_DEADLINE_MS = 5000;
/** How long a socket may live on after its token has ended. */
export const EXPIRY_GRACE_MS = 60_000;
/** AUTH_BYPASS waits this long for a token of the client's own. */
const BYPASS_PATIENCE_MS = 250;
/** Frames that wait: for the verification, or for the frame before them. */
const MOST_WAITING_FRAMES = 100;
const MOST_WAITING_BYTES = 512 * 1024;
/** Events that wait while a slow reader is caught up. */
const MOST_CATCH_UP_EVENTS = 20_000;

/** What a connection needs from the rest of the channel. */
export interface ConnectionServices {
  readonly heartbeatSeconds: number;
  readonly bypassEnabled: boolean;
  readonly logger: Logger;
  verify(token: string, handshake: Handshake, connectionId: string): Promise<SocketIdentity>;
  byBypass(handshake: Handshake, connectionId: string): Promise<SocketIdentity | null>;
  assertAlive(identity: SocketIdentity): Promise<void>;
  /** @returns false when the user has too many connections */
  admit(connection: ChatConnection, identity: SocketIdentity): boolean;
  /** What the tenant wants where neither address nor message says anything. */
  defaults(identity: SocketIdentity, options: ConnectionOptions): Promise<ReaderOptions>;
  restore(connection: ChatConnection, options: ConnectionOptions): Promise<void>;
  submit(connection: ChatConnection, frame: UserMessageFrame, options: ConnectionOptions): Promise<void>;
  abort(connection: ChatConnection, frame: AbortFrame): Promise<void>;
  resume(connection: ChatConnection, frame: ResumeFrame): Promise<void>;
  /** It will not be told anything any more; called once, before `closed`. */
  left(connection: ChatConnection): void;
  closed(connection: ChatConnection): void;
}

/** What the answers to the frame that is being handled must look like. */
interface Expectation {
  readonly ref: string | undefined;
  /** How to tell the turn that the next `ack` opens. */
  readonly turn: ReaderOptions | null;
  /** How to tell its conversation, when that is known before the answer. */
  readonly conversation: { readonly sessionId: string | number | null; readonly options: ReaderOptions } | null;
}

/**
 * One socket, from its opening to its end.
 *
 *   opened ──token──> verifying ──> open ──> closed
 *      frames that arrive before `open` wait; afterwards they are handled one after the other, in their order
 *
 * It is also a subscriber: events of conversations arrive through `deliver`, at any time, and leave through the one writer.
 */
export class ChatConnection implements Subscriber, RegisteredConnection {
  readonly id = newId();
  identity: SocketIdentity | null = null;
  /** Where messages go that name no conversation: the address's one, or the one that `resume=latest` found. */
  conversation: ConversationName | undefined;

  private encoder: EventEncoder | null = null;
  private readonly budget = new FrameBudget();
  private readonly waiting: { readonly frame: ClientFrame; readonly bytes: number }[] = [];
  private waitingBytes = 0;
  private working = false;
  private verifying = false;
  private closed = false;
  private firstFrame = true;
  private readonly openedAt = Date.now();
  private deadline: NodeJS.Timeout | undefined;
  private missedPongs = 0;
  private pingAt: number;
  /** When the `TOKEN_EXPIRED` warning went out; the socket is closed a grace later. */
  private expiredAt: number | null = null;
  private expectation: Expectation | null = null;
  /** Set while a conversation is caught up: its events wait here until what came before them is out. */
  private catchUp: { readonly conversationId: string; readonly events: ConversationEvent[] } | null = null;

  constructor(
    private readonly writer: SocketWriter,
    private readonly handshake: Handshake,
    private readonly options: ConnectionOptions,
    private readonly services: ConnectionServices,
  ) {
    this.pingAt = this.openedAt + services.heartbeatSeconds * 1000;
    this.conversation = options.conversation;
    writer.onEnd = () => services.left(this);
  }

  /** Begins with what the handshake said about the caller; without a token it waits for an `auth` frame. */
  start(): void {
    const { credential } = this.handshake;
    switch (credential.kind) {
      case 'two':
        return this.refuseTwoTokens();
      case 'unusable':
        return this.refuse(new UnauthorizedError(), CLOSE.unauthorized);
      case 'token':
        return this.verify(() => this.services.verify(credential.token, this.handshake, this.id));
      case 'none': {
        const patience = this.services.bypassEnabled ? BYPASS_PATIENCE_MS : AUTH_DEADLINE_MS;
        this.deadline = setTimeout(() => this.noTokenCame(), patience);
      }
    }
  }

  // ── what the peer does ────────────────────────────────────────────────────────────────────────────────────────────

  onMessage(data: Buffer, isBinary: boolean): void {
    if (this.closed || !this.writer.open) return;
    this.missedPongs = 0;
    if (isBinary) return this.end(CLOSE.notText, 'Send text frames');
    if (!this.budget.takeFrame()) return this.flooded('Too many frames: send fewer at a time');
    const frame = parseFrame(data.toString('utf8'));
    if (frame.type === 'bad' && !this.budget.takeBadFrame()) return this.flooded('Too many frames that cannot be used');
    if (this.firstFrame) {
      this.firstFrame = false;
      if (frame.type === 'auth' && this.repeatsHandshake(frame)) return;
    }
    if (this.closed) return;
    if (frame.type === 'auth' && this.identity === null && !this.verifying) {
      return this.verify(() => this.services.verify(frame.token, this.handshake, this.id), frame.echo.ref);
    }
    this.wait(frame, data.length);
    if (this.identity !== null) void this.work();
    else if (!this.verifying && this.services.bypassEnabled) this.noTokenCame();
  }

  /** A ping of WebSocket itself. It takes from the same budget as a frame, also before anybody has said who they are. */
  onPing(data: Buffer): void {
    if (this.closed || !this.writer.open) return;
    this.missedPongs = 0;
    if (!this.budget.takeFrame()) return this.flooded('Too many frames: send fewer at a time');
    this.writer.pong(data);
  }

  onPong(): void {
    this.missedPongs = 0;
  }

  onClose(): void {
    this.closed = true;
    clearTimeout(this.deadline);
    this.waiting.length = 0;
    this.catchUp = null;
    this.writer.ended();
    this.services.closed(this);
  }

  // ── what the server does ──────────────────────────────────────────────────────────────────────────────────────────

  tick(now: number): void {
    if (this.closed) return;
    if (now >= this.pingAt) {
      if (this.missedPongs >= 2) return this.terminate();
      this.missedPongs++;
      this.pingAt = now + this.services.heartbeatSeconds * 1000;
      this.writer.ping();
    }
    const expiresAt = this.identity?.expiresAt?.getTime();
    if (expiresAt === undefined || now < expiresAt) return;
    if (this.expiredAt === null) {
      this.expiredAt = now;
      this.answerError(new TokenExpiredError('The access token has expired: send a new one in an auth frame'), {});
    } else if (now - this.expiredAt >= EXPIRY_GRACE_MS) {
      this.end(CLOSE.unauthorized, 'The access token has expired');
    }
  }

  sessionEnded(): void {
    this.refuse(new UnauthorizedError('Your session has ended: sign in again'), CLOSE.unauthorized);
  }

  announceDrain(): void {
    if (this.identity !== null) this.writer.send('{"type":"server_draining"}');
  }

  closeForShutdown(): void {
    this.end(CLOSE.shutdown, 'The server is restarting');
  }

  terminate(): void {
    this.writer.terminate();
  }

  // ── telling conversations ─────────────────────────────────────────────────────────────────────────────────────────

  /** On the token path of everybody who listens: a look-up, a string that is mostly made already, one write. */
  deliver(event: ConversationEvent): void {
    const { catchUp } = this;
    if (event.type === 'ack') this.learnFromAck(event.conversation_id, event.turn_id);
    if (catchUp !== null && catchUp.conversationId === event.conversation_id) {
      if (catchUp.events.length >= MOST_CATCH_UP_EVENTS) this.end(CLOSE.tooSlow, 'Too slow: reconnect and resume');
      else catchUp.events.push(event);
      return;
    }
    this.tell(event);
  }

  /** How the answers to the frame in work are told; ends with the frame. */
  expect(expectation: Expectation): void {
    this.expectation = expectation;
  }

  knows(conversationId: string): boolean {
    return this.encoder?.knows(conversationId) ?? false;
  }

  nameConversation(conversationId: string, sessionId: string | number | null, options: ReaderOptions): void {
    this.encoder?.conversation(conversationId, sessionId, options);
  }

  /**
   * Holds a conversation's events while `work` subscribes to it, and sends them afterwards at the speed at which the peer
   * reads: a long replay is not the reader's fault.
   */
  async catchingUp(conversationId: string, work: () => Promise<void>): Promise<void> {
    const catchUp = { conversationId, events: [] as ConversationEvent[] };
    this.catchUp = catchUp;
    try {
      await work();
      for (let next = 0; next < catchUp.events.length && !this.closed; next++) {
        const event = catchUp.events[next];
        if (event !== undefined) this.tell(event);
        await this.writer.drained();
      }
    } finally {
      // No await since the last look at the list: nothing can have been added that was not told.
      if (this.catchUp === catchUp) this.catchUp = null;
    }
  }

  send(frame: object): void {
    this.writer.send(JSON.stringify(frame));
  }

  // ── inside ────────────────────────────────────────────────────────────────────────────────────────────────────────

  private tell(event: ConversationEvent): void {
    if (this.encoder === null || !this.writer.open) return;
    const direct = event.type === 'ack' || event.type === 'context_restored';
    const text = this.encoder.encode(event, direct ? this.expectation?.ref : undefined);
    if (text !== null) this.writer.send(text);
  }

  private learnFromAck(conversationId: string, turnId: string): void {
    const { expectation } = this;
    if (expectation === null) return;
    if (expectation.turn !== null) this.encoder?.turn(turnId, expectation.turn);
    const { conversation } = expectation;
    if (conversation !== null) this.nameConversation(conversationId, conversation.sessionId, conversation.options);
  }

  private wait(frame: ClientFrame, bytes: number): void {
    if (this.waiting.length >= MOST_WAITING_FRAMES || this.waitingBytes + bytes > MOST_WAITING_BYTES) {
      return this.flooded('Too many frames at once: wait for the answers');
    }
    this.waiting.push({ frame, bytes });
    this.waitingBytes += bytes;
  }

  /** One frame after the other: a message is accepted before the next frame is looked at. */
  private async work(): Promise<void> {
    if (this.working) return;
    this.working = true;
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      this.waitingBytes -= next.bytes;
      await this.handle(next.frame);
      if (this.closed) break;
    }
    this.working = false;
  }

  private async handle(frame: ClientFrame): Promise<void> {
    try {
      await this.perform(frame);
    } catch (error) {
      this.answerFailure(error, frame.echo);
    } finally {
      this.expectation = null;
    }
  }

  private async perform(frame: ClientFrame): Promise<void> {
    switch (frame.type) {
      case 'bad':
        throw frame.error;
      case 'ping':
        return this.send({ type: 'pong', ...(frame.echo.ref === undefined ? {} : { ref: frame.echo.ref }) });
      case 'auth':
        return this.renew(frame);
      case 'user_message':
        await this.assertAlive();
        return this.services.submit(this, frame, this.options);
      case 'abort':
        await this.assertAlive();
        return this.services.abort(this, frame);
      case 'resume':
        await this.assertAlive();
        return this.services.resume(this, frame);
    }
  }

  private async assertAlive(): Promise<void> {
    if (this.identity === null) throw new UnauthorizedError();
    await this.services.assertAlive(this.identity);
  }

  private answerFailure(error: unknown, echo: Echo): void {
    if (this.closed) return;
    if (!isShown(error))
      this.services.logger.error({ err: error, connection: this.id }, 'a frame could not be handled');
    if (effectOf(error) === 'closes') this.refuse(error, CLOSE.unauthorized, echo);
    else this.answerError(error, echo);
  }

  private answerError(error: unknown, echo: Echo): void {
    this.send(errorFrame(error, echo));
  }

  /** Says why, and closes. */
  private refuse(error: unknown, code: number, echo: Echo = {}): void {
    if (this.closed) return;
    const frame = errorFrame(error, echo);
    this.send(frame);
    this.end(code, frame.code);
  }

  private end(code: number, reason: string): void {
    this.closed = true;
    clearTimeout(this.deadline);
    this.waiting.length = 0;
    this.writer.close(code, reason);
  }

  private flooded(sentence: string): void {
    this.refuse(new RateLimitError(sentence, 1000), CLOSE.flood);
  }

  private refuseTwoTokens(): void {
    this.refuse(
      new InvalidInputError('Two different tokens were sent: present one', { field: 'token' }),
      CLOSE.badRequest,
    );
  }

  // ── who is calling ────────────────────────────────────────────────────────────────────────────────────────────────

  private verify(identify: () => Promise<SocketIdentity | null>, ref?: string): void {
    this.verifying = true;
    clearTimeout(this.deadline);
    identify()
      .then((identity) => this.opened(identity, ref))
      .catch((error: unknown) => this.refuseCaller(error, ref))
      .finally(() => (this.verifying = false));
  }

  private async opened(identity: SocketIdentity | null, ref: string | undefined): Promise<void> {
    if (this.closed) return;
    if (identity === null) throw new UnauthorizedError();
    const defaults = await this.services.defaults(identity, this.options);
    if (this.closed) return;
    if (!this.services.admit(this, identity)) {
      return this.refuse(
        new RateLimitError('Too many connections of yours are open: close one', 10_000),
        CLOSE.tooMany,
        ref === undefined ? {} : { ref },
      );
    }
    this.identity = identity;
    this.encoder = new EventEncoder(defaults);
    this.ready(identity, ref);
    this.working = true;
    try {
      await this.services.restore(this, this.options);
    } catch (error) {
      this.answerFailure(error, {});
    } finally {
      this.expectation = null;
      this.working = false;
    }
    await this.work();
  }

  /** A token that was not good enough, whatever the reason: nothing but the error is received. */
  private refuseCaller(error: unknown, ref: string | undefined): void {
    const echo = ref === undefined ? {} : { ref };
    if (error instanceof ForbiddenError) this.refuse(error, CLOSE.forbidden, echo);
    else if (error instanceof NotFoundError) this.refuse(error, CLOSE.notFound, echo);
    else if (error instanceof UnauthorizedError || error instanceof TokenExpiredError) {
      this.refuse(error, CLOSE.unauthorized, echo);
    } else {
      this.services.logger.error({ err: error, connection: this.id }, 'a token could not be verified');
      this.refuse(error, CLOSE.shutdown, echo);
    }
  }

  private noTokenCame(): void {
    if (this.closed || this.verifying || this.identity !== null) return;
    if (!this.services.bypassEnabled) return this.refuse(new UnauthorizedError(), CLOSE.unauthorized);
    this.verify(() => this.services.byBypass(this.handshake, this.id));
  }

  /** A first `auth` frame after a token in the handshake: the same one says nothing new, another one is one too many. */
  private repeatsHandshake(frame: AuthFrame): boolean {
    const { credential } = this.handshake;
    const isRenewal = this.expiredAt !== null || Date.now() - this.openedAt > AUTH_DEADLINE_MS;
    if (credential.kind !== 'token' || isRenewal) return false;
    if (credential.token !== frame.token) this.refuseTwoTokens();
    return credential.token !== frame.token;
  }

  private async renew(frame: AuthFrame): Promise<void> {
    let renewed: SocketIdentity;
    try {
      renewed = await this.services.verify(frame.token, this.handshake, this.id);
    } catch (error) {
      return this.refuseCaller(error, frame.echo.ref);
    }
    if (this.closed || this.identity === null) return;
    if (!isSamePerson(renewed, this.identity)) {
      const error = new ForbiddenError('This token is another person’s: open a new connection for it');
      return this.refuse(error, CLOSE.forbidden, frame.echo);
    }
    this.identity = renewed;
    this.expiredAt = null;
    this.ready(renewed, frame.echo.ref);
  }

  private ready(identity: SocketIdentity, ref: string | undefined): void {
    const { principal } = identity.ctx;
    this.send({
      type: 'ready',
      connection_id: this.id,
      user: { id: identity.user.id, role: principal.role, persona: principal.persona },
      tenant: { id: identity.tenant.id, slug: identity.tenant.slug },
      heartbeat_s: this.services.heartbeatSeconds,
      ...(ref === undefined ? {} : { ref }),
    });
  }
}

function isShown(error: unknown): error is DomainError {
  return error instanceof Error && 'kind' in error;
}
