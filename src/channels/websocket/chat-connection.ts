import { setTimeout as sleep } from 'node:timers/promises';
import type { AckEvent, ConversationEvent, EscalationEvent, Subscriber } from '#conversations';
import { newId } from '#platform/database';
import {
  DomainError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  RateLimitError,
  SuspendedError,
  TokenExpiredError,
  UnauthorizedError,
  type ErrorCode,
} from '#platform/errors';
import type { Logger } from '#platform/logging';
import { effectOf, errorFrame, type ErrorScope } from '../protocol/error-frame.js';
import { EventEncoder } from '../protocol/event-encoder.js';
import {
  type AuthFrame,
  type ClientFrame,
  type Echo,
  parseFrame,
  type ResumeFrame,
  type EscalateFrame,
  type FeedbackFrame,
  type RegenerateFrame,
  type TypingFrame,
  type UnsubscribeFrame,
  type UserMessageFrame,
  type AbortFrame,
} from '../protocol/parse-frame.js';
import type { ConversationName } from '../protocol/conversation-name.js';
import type { ConnectionOptions, ReaderOptions } from '../protocol/reader-options.js';
import type { RegisteredConnection } from './connection-registry.js';
import { FrameBudget } from './frame-budget.js';
import { FrameInbox, type WaitingFrame } from './frame-inbox.js';
import type { Handshake } from './handshake.js';
import { isSamePerson, type SocketIdentity } from './socket-identity.js';
import { CLOSE, type SocketWriter } from './socket-writer.js';

/** A token has to come within this time after opening. */
export const AUTH_DEADLINE_MS = 5000;
/** How long a socket may live on after its token has ended. */
export const EXPIRY_GRACE_MS = 60_000;
/** Pings in a row that a peer may leave without an answer before it is taken for gone. */
const MOST_MISSED_PONGS = 2;
/** AUTH_BYPASS waits this long for a token of the client's own. */
const BYPASS_PATIENCE_MS = 250;
/** A peer that never lets up for so long is not a burst but a flood. */
const LONGEST_BURST_MS = 5000;
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
  /** @returns false when the user, or the address, has too many connections */
  admit(connection: ChatConnection, identity: SocketIdentity): boolean;
  /** What the tenant wants where neither address nor message says anything, and what it allows. */
  welcome(identity: SocketIdentity, options: ConnectionOptions): Promise<Welcome>;
  restore(connection: ChatConnection, options: ConnectionOptions): Promise<void>;
  submit(connection: ChatConnection, frame: UserMessageFrame, options: ConnectionOptions): Promise<void>;
  abort(connection: ChatConnection, frame: AbortFrame): Promise<void>;
  regenerate(connection: ChatConnection, frame: RegenerateFrame, options: ConnectionOptions): Promise<void>;
  resume(connection: ChatConnection, frame: ResumeFrame): Promise<void>;
  unsubscribe(connection: ChatConnection, frame: UnsubscribeFrame): Promise<void>;
  escalate(connection: ChatConnection, frame: EscalateFrame): Promise<void>;
  type(connection: ChatConnection, frame: TypingFrame): Promise<void>;
  /** @returns the conversation that the rated answer belongs to */
  rate(connection: ChatConnection, frame: FeedbackFrame): Promise<string>;
  /** A frame, or the whole socket, was refused. */
  refused(code: ErrorCode): void;
  /** It will not be told anything any more; called before `closed`, and after a frame that was in work at that time. */
  left(connection: ChatConnection): void;
  closed(connection: ChatConnection): void;
}

export interface Welcome {
  readonly defaults: ReaderOptions;
  readonly limits: SocketLimits;
}

/** What `ready` says about how much may be sent. */
export interface SocketLimits {
  readonly content: number;
  readonly frame_bytes: number;
  readonly messages_per_minute: number;
  readonly queue: number;
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
 *   network ──> onMessage ──> inbox ──(budget)──> work ──> services
 *      ▲                        │ full: the socket is not read until there is room
 *      └────────────────────────┘
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
  private readonly inbox = new FrameInbox();
  /** Since when frames have been waiting for the budget without a break. */
  private throttledSince: number | null = null;
  private limits: SocketLimits | null = null;
  private working = false;
  private verifying = false;
  private closed = false;
  private firstFrame = true;
  private readonly openedAt = Date.now();
  private deadline: NodeJS.Timeout | undefined;
  private missedPongs = 0;
  private pingAt: number;
  /** When a peer that has answered neither of the last two pings is taken for gone. */
  private goneAt = Infinity;
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
    if (!this.firstFrame && !this.awaitsToken) return this.wait({ data });
    const frame = this.read(data);
    if (frame === null) return;
    const isFirst = this.firstFrame;
    this.firstFrame = false;
    if (frame.type === 'auth') {
      if (isFirst && this.repeatsHandshake(frame)) return;
      if (this.awaitsToken) {
        return this.verify(() => this.services.verify(frame.token, this.handshake, this.id), frame.echo.ref);
      }
    }
    this.wait({ frame, bytes: data.length });
    if (this.awaitsToken && this.services.bypassEnabled) this.noTokenCame();
  }

  /** A ping of WebSocket itself, answered also before anybody has said who they are. */
  onPing(data: Buffer): void {
    if (this.closed || !this.writer.open) return;
    this.missedPongs = 0;
    if (!this.budget.takePing()) return this.flooded('Too many pings: send fewer at a time');
    this.writer.pong(data);
  }

  onPong(): void {
    this.missedPongs = 0;
  }

  onClose(): void {
    this.closed = true;
    clearTimeout(this.deadline);
    this.inbox.clear();
    this.catchUp = null;
    this.writer.ended();
    this.services.closed(this);
  }

  // ── what the server does ──────────────────────────────────────────────────────────────────────────────────────────

  tick(now: number): void {
    if (this.closed) return;
    // An answer that we do not read is not a missing one.
    if (this.missedPongs >= MOST_MISSED_PONGS && now >= this.goneAt && !this.writer.paused) return this.terminate();
    if (now >= this.pingAt) this.ping(now);
    const expiresAt = this.identity?.expiresAt?.getTime();
    if (expiresAt === undefined || now < expiresAt) return;
    if (this.expiredAt === null) {
      this.expiredAt = now;
      const error = new TokenExpiredError('The access token has expired: send a new one in an auth frame');
      this.answerError(error, 'connection');
    } else if (now - this.expiredAt >= EXPIRY_GRACE_MS) {
      this.end(CLOSE.unauthorized, 'The access token has expired');
    }
  }

  /** Makes room for others while nobody has said who this is. @returns false when somebody has */
  giveUp(): boolean {
    if (!this.awaitsToken) return false;
    this.refuse(new UnauthorizedError(), CLOSE.unauthorized);
    return true;
  }

  sessionEnded(): void {
    this.refuse(new UnauthorizedError('Your session has ended: sign in again'), CLOSE.unauthorized);
  }

  suspended(): void {
    this.refuse(new SuspendedError(), CLOSE.forbidden);
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
    if (event.type === 'ack') this.learnFromAck(event);
    if (catchUp !== null && catchUp.conversationId === event.conversation_id) {
      if (catchUp.events.length >= MOST_CATCH_UP_EVENTS) this.end(CLOSE.tooSlow, 'Too slow: reconnect and resume');
      else catchUp.events.push(event);
      return;
    }
    this.tell(event);
  }

  get principalId(): string | undefined {
    return this.identity?.ctx.principal.id;
  }

  /** The answer to an `escalate`: it names the frame that asked. */
  answer(event: EscalationEvent): void {
    this.encoder?.tell(event, this.expectation?.ref);
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

  private async rate(frame: FeedbackFrame): Promise<void> {
    const conversationId = await this.services.rate(this, frame);
    this.send({
      type: 'ack',
      conversation_id: conversationId,
      turn_id: null,
      client_message_id: null,
      message_id: frame.messageId,
      ...(frame.echo.ref === undefined ? {} : { ref: frame.echo.ref }),
    });
  }

  /** After `unsubscribe`: what was told of it is told anew when it is resumed. */
  forget(conversationId: string): void {
    this.encoder?.forget(conversationId);
  }

  /**
   * Holds a conversation's events while `work` subscribes to it, and sends them afterwards at the speed at which the peer
   * reads: a long replay is not the reader's fault.
   */
  async catchingUp(conversationId: string, work: () => Promise<void>): Promise<void> {
    const catchUp = { conversationId, events: [] as ConversationEvent[] };
    this.catchUp = catchUp;
    try {
      // One that failed has kept what the socket had subscribed to before, and what was held belongs to that.
      await work().finally(() => this.tellHeld(catchUp.events));
    } finally {
      // No await since the last look at the list: nothing can have been added that was not told.
      if (this.catchUp === catchUp) this.catchUp = null;
    }
  }

  private async tellHeld(events: readonly ConversationEvent[]): Promise<void> {
    for (let next = 0; next < events.length && !this.closed; next++) {
      const event = events[next];
      if (event !== undefined) this.tell(event);
      await this.writer.drained();
    }
  }

  send(frame: object): void {
    this.writer.send(JSON.stringify(frame));
  }

  // ── inside ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Judged half a period after the second ping, not at the third: whoever falls silent right after an answer is gone within
   * three periods, however late the ticks are.
   */
  private ping(now: number): void {
    const periodMs = this.services.heartbeatSeconds * 1000;
    this.pingAt = now + periodMs;
    if (!this.writer.paused && ++this.missedPongs === MOST_MISSED_PONGS) this.goneAt = now + periodMs / 2;
    this.writer.ping();
  }

  private tell(event: ConversationEvent): void {
    if (this.encoder === null || !this.writer.open) return;
    const direct = event.type === 'ack' || event.type === 'context_restored';
    this.encoder.tell(event, direct ? this.expectation?.ref : undefined);
  }

  private learnFromAck({ conversation_id: conversationId, turn_id: turnId }: AckEvent): void {
    const { expectation } = this;
    if (expectation === null) return;
    if (expectation.turn !== null && turnId !== null) this.encoder?.turn(conversationId, turnId, expectation.turn);
    const { conversation } = expectation;
    if (conversation !== null) this.nameConversation(conversationId, conversation.sessionId, conversation.options);
  }

  /** Nobody is known yet and nobody is asked about: the next `auth` frame is looked for. */
  private get awaitsToken(): boolean {
    return this.identity === null && !this.verifying;
  }

  /** @returns null when it was one too many that cannot be used; the socket is closed then */
  private read(data: Buffer): ClientFrame | null {
    const frame = parseFrame(data.toString('utf8'));
    if (frame.type !== 'bad' || this.budget.takeBadFrame()) return frame;
    this.flooded('Too many frames that cannot be used');
    return null;
  }

  private wait(frame: WaitingFrame): void {
    this.inbox.add(frame);
    // A peer that has said who it is is slowed down. One that has not could not say so any more if it were not read.
    if (this.inbox.full && this.awaitsToken) return this.flooded('Too many frames before a token: sign in first');
    if (this.inbox.full) this.writer.pause();
    if (this.identity !== null) void this.work();
  }

  /** One frame after the other: a message is accepted before the next frame is looked at. */
  private async work(): Promise<void> {
    if (this.working) return;
    this.working = true;
    try {
      while (!this.closed && (await this.mayGoOn())) {
        const next = this.inbox.take();
        if (next === undefined) break;
        const frame = 'data' in next ? this.read(next.data) : next.frame;
        if (frame !== null) await this.handle(frame);
        if (this.inbox.roomy) this.writer.resume();
      }
      this.throttledSince = null;
    } finally {
      this.working = false;
    }
  }

  /** Waits for the budget when frames wait. @returns false when the socket was closed */
  private async mayGoOn(): Promise<boolean> {
    while (this.inbox.size > 0 && !this.budget.takeFrame()) {
      const now = performance.now();
      this.throttledSince ??= now;
      if (now - this.throttledSince > LONGEST_BURST_MS) {
        this.endFlood();
        return false;
      }
      await sleep(Math.ceil(this.budget.frameInMs));
      if (this.closed) return false;
    }
    return true;
  }

  /** Whatever has been read gets an answer, then the flood is over. */
  private endFlood(): void {
    const error = new RateLimitError('Too many frames: this one was not looked at, send it again later', 1000);
    for (let next = this.inbox.take(); next !== undefined; next = this.inbox.take()) {
      const { echo } = 'data' in next ? parseFrame(next.data.toString('utf8')) : next.frame;
      this.answerError(error, 'frame', echo);
    }
    this.flooded('Too many frames: send fewer at a time');
  }

  private async handle(frame: ClientFrame): Promise<void> {
    try {
      await this.perform(frame);
    } catch (error) {
      this.answerFailure(error, 'frame', this.echoOf(frame));
    } finally {
      this.expectation = null;
      this.leaveIfEnded();
    }
  }

  /** A frame that was in work when the socket ended may have subscribed it since: nothing would take it out again. */
  private leaveIfEnded(): void {
    if (!this.writer.open) this.services.left(this);
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
      case 'regenerate':
        await this.assertAlive();
        return this.services.regenerate(this, frame, this.options);
      case 'resume':
        await this.assertAlive();
        return this.services.resume(this, frame);
      case 'escalate':
        await this.assertAlive();
        return this.services.escalate(this, frame);
      case 'typing':
        await this.assertAlive();
        return this.services.type(this, frame);
      case 'feedback':
        await this.assertAlive();
        return this.rate(frame);
      case 'unsubscribe':
        await this.assertAlive();
        return this.services.unsubscribe(this, frame);
    }
  }

  /** A message that names no conversation was meant for the socket's own. */
  private echoOf(frame: ClientFrame): Echo {
    const meant = frame.type === 'user_message' && frame.conversation === undefined ? this.conversation : undefined;
    return { ...namedIn(meant), ...frame.echo };
  }

  private async assertAlive(): Promise<void> {
    if (this.identity === null) throw new UnauthorizedError();
    await this.services.assertAlive(this.identity);
  }

  private answerFailure(error: unknown, scope: ErrorScope, echo: Echo): void {
    if (this.closed) return;
    if (!(error instanceof DomainError)) {
      this.services.logger.error({ err: error, connection: this.id }, 'a frame could not be handled');
    }
    switch (effectOf(error)) {
      case 'signs_out':
        return this.refuse(error, CLOSE.unauthorized, echo);
      case 'shuts_out':
        return this.refuse(error, CLOSE.forbidden, echo);
      case 'none':
        this.answerError(error, scope, echo);
    }
  }

  private answerError(error: unknown, scope: ErrorScope, echo: Echo = {}): void {
    const frame = errorFrame(error, scope, echo);
    this.services.refused(frame.code);
    this.send(frame);
  }

  /** Says why, and closes. */
  private refuse(error: unknown, code: number, echo: Echo = {}): void {
    if (this.closed) return;
    const frame = errorFrame(error, 'connection', echo);
    this.services.refused(frame.code);
    this.send(frame);
    this.end(code, frame.code);
  }

  private end(code: number, reason: string): void {
    this.closed = true;
    clearTimeout(this.deadline);
    this.inbox.clear();
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
    const { defaults, limits } = await this.services.welcome(identity, this.options);
    if (this.closed) return;
    if (!this.services.admit(this, identity)) {
      return this.refuse(
        new RateLimitError('Too many connections of yours or from your address are open: close one', 10_000),
        CLOSE.tooMany,
        ref === undefined ? {} : { ref },
      );
    }
    this.identity = identity;
    this.limits = limits;
    this.encoder = new EventEncoder(defaults, (_type, _seq, json) => this.writer.send(json));
    this.ready(identity, ref);
    this.working = true;
    try {
      await this.services.restore(this, this.options);
    } catch (error) {
      this.answerFailure(error, 'connection', namedIn(this.options.conversation));
    } finally {
      this.expectation = null;
      this.leaveIfEnded();
      this.working = false;
    }
    await this.work();
  }

  /** A token that was not good enough, whatever the reason: nothing but the error is received. */
  private refuseCaller(error: unknown, ref: string | undefined): void {
    const echo = ref === undefined ? {} : { ref };
    const code = closeForCaller(error);
    if (code === null && !(error instanceof DomainError)) {
      this.services.logger.error({ err: error, connection: this.id }, 'a token could not be verified');
    }
    this.refuse(error, code ?? CLOSE.tryLater, echo);
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
      // The token may be good and could not be looked at: the one before it still counts.
      if (closeForCaller(error) === null) throw error;
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
      protocol: 1,
      connection_id: this.id,
      user: { id: identity.user.id, role: principal.role, persona: principal.persona },
      tenant: { id: identity.tenant.id, slug: identity.tenant.slug },
      heartbeat_s: this.services.heartbeatSeconds,
      limits: this.limits,
      ...(ref === undefined ? {} : { ref }),
    });
  }
}

/** How a socket ends whose token is refused; null when the reason is not the token but something of ours. */
function closeForCaller(error: unknown): number | null {
  if (error instanceof ForbiddenError || error instanceof SuspendedError) return CLOSE.forbidden;
  if (error instanceof NotFoundError) return CLOSE.notFound;
  if (error instanceof UnauthorizedError || error instanceof TokenExpiredError) return CLOSE.unauthorized;
  return null;
}

function namedIn(name: ConversationName | undefined): Echo {
  if (name === undefined) return {};
  const { reference, sessionId } = name;
  if (sessionId !== null) return { session_id: sessionId };
  return reference.kind === 'id' ? { conversation_id: reference.id } : {};
}
