import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { AgentRuntime } from '#agents';
import { Bus } from '#platform/bus';
import { AppConfig } from '#platform/config';
import type { RequestContext } from '#platform/context';
import { CommitInDoubtError, newId, type TenantTx, UnitOfWork } from '#platform/database';
import { LOGGER, type Logger } from '#platform/logging';
import { MessageRateLimiter, TenantSettingsCache, type TenantSettings } from '#tenants';
import { CATCH_UP_MS, CatchUp } from '../live/catch-up.js';
import type { ConversationStream } from '../live/conversation-stream.js';
import { ConversationStreams } from '../live/conversation-streams.js';
import type { AckEvent, Subscriber } from '../model/conversation-event.js';
import { defaultTitle } from '../model/default-title.js';
import {
  ClientMessageConflictError,
  ConversationClosedError,
  ConversationNotFoundError,
  DrainingError,
  TooManyQueuedError,
  TurnCancelled,
  TurnNotFoundError,
  UnknownAgentError,
} from '../model/errors.js';
import type { ConversationReference, Submitted, SubmitInput } from '../model/submit.js';
import { MessageRepository } from '../store/message.repository.js';
import {
  type EarlierSubmission,
  type LockedConversation,
  type OpenedTurn,
  TurnRepository,
} from '../store/turn.repository.js';
import type { RunningTurn } from './running-turn.js';
import { TurnScheduler } from './turn-scheduler.js';

/** Ids chosen before the first transaction, so that trying it again makes the same rows. */
interface Draft {
  readonly conversationId: string;
  readonly messageId: string;
  readonly turnId: string;
  readonly answerId: string;
  readonly fingerprint: Buffer | null;
}

interface Opened {
  readonly kind: 'opened';
  readonly opened: OpenedTurn;
  readonly conversationId: string;
  readonly clientKey: string | null;
  readonly messageId: string;
  readonly attempt: number;
  readonly untitled: boolean;
}
type Accepted = { readonly kind: 'repeat'; readonly earlier: EarlierSubmission } | Opened;

/**
 * Takes messages in: the first transaction and the acknowledgement, repeats, and the wish to stop.
 * Which turn runs, and where, is the `TurnScheduler`'s; this service never waits for it.
 */
@Injectable()
export class TurnService {
  private draining = false;
  /** Waiting turns accepted here that are to end with their last reader. */
  private readonly leaving = new WeakMap<ConversationStream, Set<string>>();

  constructor(
    private readonly uow: UnitOfWork,
    private readonly turns: TurnRepository,
    private readonly messages: MessageRepository,
    private readonly streams: ConversationStreams,
    private readonly catchUp: CatchUp,
    private readonly scheduler: TurnScheduler,
    private readonly runtime: AgentRuntime,
    private readonly settings: TenantSettingsCache,
    private readonly limiter: MessageRateLimiter,
    private readonly bus: Bus,
    private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Commits a message with its turn and starts it (or lets it wait). The subscriber is subscribed and gets its `ack` before
   * this resolves, and before anything else of the turn.
   * @throws ConversationNotFoundError, ConversationClosedError, ClientMessageConflictError, TooManyQueuedError,
   *   UnknownAgentError, RateLimitError, DrainingError; nothing is written then
   */
  async submit(ctx: RequestContext, input: SubmitInput, subscriber: Subscriber): Promise<Submitted> {
    if (this.draining) throw new DrainingError();
    const settings = await this.settings.get(ctx);
    if (input.agent !== null && !(await this.runtime.offers(ctx, input.agent)))
      throw new UnknownAgentError(input.agent);
    const acceptedAt = performance.now();
    const draft: Draft = {
      conversationId: newId(),
      messageId: newId(),
      turnId: newId(),
      answerId: newId(),
      fingerprint: input.clientMessageId === null ? null : fingerprint(input),
    };
    const accepted = await this.accept(ctx, input, draft, { settings, subscriber });
    if (accepted.kind === 'repeat') return this.repeat(ctx, accepted.earlier, input.clientMessageId, subscriber);
    return this.begin(ctx, input, { accepted, acceptedAt, draft, settings, subscriber });
  }

  /**
   * Stops turns, on whichever instance they run: one by its id, those of a conversation (both given must agree), or
   * (neither given) all that `startedBy` started.
   * @returns the turns told to stop; they end within a second
   * @throws TurnNotFoundError when there is nothing to stop
   */
  async abort(
    ctx: RequestContext,
    target: { conversation?: ConversationReference; turnId?: string; startedBy?: string },
  ): Promise<string[]> {
    const { conversation, turnId } = target;
    const startedBy = conversation === undefined && turnId === undefined ? target.startedBy : undefined;
    try {
      const open = await this.uow.run(ctx, (tx) =>
        this.turns.openOf(tx, ctx.principal.id, { conversation, turnId, startedBy }),
      );
      if (open.length === 0) throw new TurnNotFoundError('Nothing to stop: no such turn is running');
      await this.cancelAll(ctx, open);
      return open.map((turn) => turn.id);
    } catch (error) {
      if (error instanceof TurnNotFoundError) throw error;
      // The database is away: what runs here can be stopped all the same.
      const here = this.scheduler.runningHere(
        (turn) =>
          turn.ctx.tenantId === ctx.tenantId &&
          turn.ctx.principal.id === ctx.principal.id &&
          (turnId === undefined || turn.turnId === turnId) &&
          (conversation === undefined || (conversation.kind === 'id' && conversation.id === turn.conversationId)) &&
          (startedBy === undefined || turn.startedBy === startedBy),
      );
      if (here.length === 0) throw error;
      for (const turn of here) this.scheduler.stop(turn.turnId, new TurnCancelled());
      return here.map((turn) => turn.turnId);
    }
  }

  /** Resolves when a turn that runs on this instance has ended, or after `ms`. */
  async settled(turnId: string, ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.scheduler.ended(turnId), new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
    clearTimeout(timer);
  }

  /** Nobody here listens to a conversation any more: turns that were to end with their last reader are stopped. */
  unwatched(stream: ConversationStream): void {
    const { conversationId, scope } = stream;
    this.scheduler.unwatched(scope, conversationId);
    const waiting = this.leaving.get(stream);
    this.leaving.delete(stream);
    // Readers may listen on another instance: the one that begins such a turn looks for them.
    if (waiting === undefined || this.bus.peers().size > 0) return;
    for (const turnId of waiting) {
      if (stream.open.get(turnId)?.status !== 'queued') continue;
      const place = { tenantId: scope.tenantId, conversationId, turnId };
      this.scheduler
        .endUnowned(place, { status: 'cancelled', error: null, when: 'queued' })
        .catch((error: unknown) => this.logger.warn({ err: error, turn: turnId }, 'cancelling failed'));
    }
  }

  /** Takes no more messages; what runs may finish for `graceMs`, the rest is left to another instance or the next start. */
  async drain(graceMs: number): Promise<void> {
    this.draining = true;
    await this.scheduler.drain(graceMs);
  }

  // ── accepting ─────────────────────────────────────────────────────────────────────────────────────────────────────

  private async accept(
    ctx: RequestContext,
    input: SubmitInput,
    draft: Draft,
    by: { settings: TenantSettings; subscriber: Subscriber },
  ): Promise<Accepted> {
    // Before the transaction: the limits may live in Redis, and no connection waits for it. A repeat costs nothing.
    const refusal = await this.limiter.consume(ctx, by.settings).then(
      () => null,
      (error: unknown) => ({ error }),
    );
    let charged = refusal === null;
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          const accepted = await this.tryAccept(ctx, input, draft, { ...by, refusal });
          if (accepted.kind === 'opened') charged = false;
          return accepted;
        } catch (error) {
          if (attempt >= 4) throw error;
          // Two first messages of one client id or key at once: the next attempt finds what the other one wrote. Or a commit
          // in doubt that landed after it was looked for.
          if (!(error instanceof CommitInDoubtError) && !isUniqueViolation(error)) throw error;
          const landed = await this.landed(ctx, draft);
          if (landed === null) continue;
          charged = false;
          return { kind: 'repeat', earlier: landed };
        }
      }
    } finally {
      if (charged) await this.limiter.refund(ctx, by.settings).catch(() => undefined);
    }
  }

  /**
   * A commit whose reply was lost: what it wrote, if it did. Its turn is given back at once, so that it begins now and not
   * when a lease runs out that nobody renews.
   */
  private async landed(ctx: RequestContext, draft: Draft): Promise<EarlierSubmission | null> {
    const landed = await this.uow.run(ctx, (tx) => this.turns.findLanded(tx, draft));
    if (landed === null) return null;
    await this.turns.release(ctx, { turnId: draft.turnId, instance: this.bus.instance, fence: 1 });
    this.scheduler.wake();
    return landed;
  }

  private tryAccept(
    ctx: RequestContext,
    input: SubmitInput,
    draft: Draft,
    by: { settings: TenantSettings; subscriber: Subscriber; refusal: { error: unknown } | null },
  ): Promise<Accepted> {
    const principalId = ctx.principal.id;
    const { clientMessageId } = input;
    return this.uow.run(ctx, async (tx): Promise<Accepted> => {
      // Sent together; whether the client names a conversation or not, this is one round trip.
      const [earlier, named] = await Promise.all([
        clientMessageId === null ? null : this.turns.findEarlier(tx, principalId, clientMessageId),
        this.lockNamed(tx, ctx, input, draft),
      ]);
      if (earlier !== null) {
        if (draft.fingerprint === null || !sameMessage(earlier, input, draft.fingerprint)) {
          throw new ClientMessageConflictError();
        }
        if (earlier.turn_status !== 'failed') return { kind: 'repeat', earlier };
      } else if (input.conversation.kind === 'id' && named === null) throw new ConversationNotFoundError();
      if (by.refusal !== null) throw by.refusal.error;

      // A repeat belongs where its message is, whatever a channel's default says by now.
      const conversation: LockedConversation | null =
        earlier === null || named?.id === earlier.conversation_id
          ? named
          : await this.turns.lockConversation(tx, principalId, earlier.conversation_id);
      if (conversation?.status === 'ended') throw new ConversationClosedError();
      const conversationId = conversation?.id ?? draft.conversationId;
      const messageId = earlier?.message_id ?? draft.messageId;
      const attempt = (earlier?.attempt ?? 0) + 1;
      const { settings } = by;
      const opened = await this.turns.open(tx, {
        conversationId,
        principalId,
        messageId,
        turnId: draft.turnId,
        answerId: draft.answerId,
        content: input.content,
        clientMessageId,
        fingerprint: draft.fingerprint,
        metadata: input.metadata,
        request: {
          agent: input.agent,
          channel: input.channel,
          on_disconnect: input.onDisconnect,
          started_by: by.subscriber.id,
          role: ctx.principal.role,
          persona: ctx.principal.persona,
          session_id: ctx.principal.sessionId,
          correlation_id: ctx.correlationId,
        },
        attempt,
        revive: earlier !== null,
        create:
          conversation === null
            ? { channel: input.channel, persona: ctx.principal.persona, title: defaultTitle(new Date()) }
            : null,
        instance: this.bus.instance,
        leaseSeconds: this.config.env.LEASE_SECONDS,
        historyMessages: settings.historyMessages,
        queueMode: settings.queueMode,
        full: this.scheduler.full,
      });
      if (opened.verdict === 'refused') throw new TooManyQueuedError(settings.queueMode === 'reject');
      const untitled = conversation === null || conversation.title_source === 'default';
      return {
        kind: 'opened',
        opened,
        conversationId,
        clientKey: conversation?.client_key ?? null,
        messageId,
        attempt,
        untitled,
      };
    });
  }

  private lockNamed(
    tx: TenantTx,
    ctx: RequestContext,
    { channel, conversation }: SubmitInput,
    draft: Draft,
  ): Promise<LockedConversation | null> {
    switch (conversation.kind) {
      case 'new':
        return Promise.resolve(null);
      case 'id':
        return this.turns.lockConversation(tx, ctx.principal.id, conversation.id);
      case 'key':
        return this.turns.lockConversationByKey(tx, {
          id: draft.conversationId,
          principalId: ctx.principal.id,
          key: conversation.key,
          channel,
          persona: ctx.principal.persona,
          title: defaultTitle(new Date()),
        });
    }
  }

  /** Acknowledges to the sender, shows the question to the other readers, and starts the turn or says that it waits. */
  private async begin(
    ctx: RequestContext,
    input: SubmitInput,
    by: { accepted: Opened; acceptedAt: number; draft: Draft; settings: TenantSettings; subscriber: Subscriber },
  ): Promise<Submitted> {
    const { accepted, draft, settings, subscriber } = by;
    const { attempt, conversationId, messageId, opened } = accepted;
    const handedOff = opened.verdict === 'handed_off';
    const turnId = handedOff ? null : draft.turnId;
    const stream = this.streams.subscribe(ctx, conversationId, subscriber, opened.seq);
    stream.asked(messageId, subscriber.id);
    const ack: AckEvent = {
      type: 'ack',
      client_message_id: input.clientMessageId,
      message_id: messageId,
      turn_id: turnId,
      conversation_id: conversationId,
    };
    subscriber.deliver(ack);
    const question = this.messages.questionView({
      id: messageId,
      conversationId,
      turnId,
      content: input.content,
      metadata: input.metadata,
      seq: opened.seq,
      createdAt: opened.created_at,
    });
    const told = stream.tellCommitted([{ type: 'message', ...question }], opened.previous, opened.seq);
    const knowsRunning = [...stream.open.values()].some(({ status }) => status === 'running');
    if (!told) await this.catchUp.runWithin(CATCH_UP_MS, stream);
    if (opened.verdict === 'running') {
      this.scheduler.start(this.runningTurn(ctx, input, by));
    } else if (opened.verdict === 'queued') {
      const waiting = { turn_id: draft.turnId, question_id: messageId, answer_id: draft.answerId };
      if (!stream.open.has(draft.turnId)) {
        stream.waits({ ...waiting, attempt, start: 0, agent: input.agent }, 0, settings.statusMessages.queued);
      }
      if (input.onDisconnect === 'cancel') this.remember(stream, draft.turnId);
      if (settings.queueMode === 'interrupt') this.interrupt(ctx, conversationId, draft.turnId);
      // What it waits for runs elsewhere: its readers here are told of that turn as well.
      if (!knowsRunning) void this.catchUp.run(stream);
    }
    this.scheduler.announce(ctx, conversationId, opened.seq);
    return {
      conversationId,
      clientKey: accepted.clientKey,
      ack,
      repeated: false,
      turnStatus: opened.verdict === 'running' || opened.verdict === 'queued' ? opened.verdict : null,
    };
  }

  private runningTurn(
    ctx: RequestContext,
    input: SubmitInput,
    {
      accepted,
      acceptedAt,
      draft,
      subscriber,
    }: { accepted: Opened; acceptedAt: number; draft: Draft; subscriber: Subscriber },
  ): RunningTurn {
    const { opened } = accepted;
    return {
      ctx,
      turnId: draft.turnId,
      conversationId: accepted.conversationId,
      messageId: accepted.messageId,
      answerId: draft.answerId,
      clientMessageId: input.clientMessageId,
      attempt: accepted.attempt,
      start: 1,
      content: input.content,
      agent: input.agent,
      metadata: input.metadata,
      startedBy: subscriber.id,
      onDisconnect: input.onDisconnect,
      untitled: accepted.untitled,
      acceptedAt,
      fence: 1,
      ownerEpoch: opened.owner_epoch,
      history: opened.history,
      lastSeq: opened.seq,
      controller: new AbortController(),
    };
  }

  private remember(stream: ConversationStream, turnId: string): void {
    const waiting = [...(this.leaving.get(stream) ?? [])].filter((id) => stream.open.get(id)?.status === 'queued');
    this.leaving.set(stream, new Set([...waiting, turnId]));
  }

  // ── repeats ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A repeat of a message: the identical ack, then whatever its turn has said, or its stored end once more. */
  private async repeat(
    ctx: RequestContext,
    earlier: EarlierSubmission,
    clientMessageId: string | null,
    subscriber: Subscriber,
  ): Promise<Submitted> {
    const { conversation_id: conversationId, turn_id: turnId } = earlier;
    const ack: AckEvent = {
      type: 'ack',
      client_message_id: clientMessageId,
      message_id: earlier.message_id,
      turn_id: turnId,
      conversation_id: conversationId,
    };
    // The ack comes with what it promises: a reader that was acked and could not be subscribed would wait for ever.
    const listens = this.streams.find(ctx, conversationId)?.has(subscriber.id) === true;
    if (listens) {
      const over = turnId !== null && earlier.turn_status !== 'running' && earlier.turn_status !== 'queued';
      const end = over ? await this.uow.run(ctx, (tx) => this.messages.outcomeOf(tx, conversationId, turnId)) : null;
      for (const event of [ack, ...(end ?? [])]) subscriber.deliver(event);
    } else {
      await this.catchUp.attach(ctx, conversationId, subscriber, async (tx, { last_seq: upTo }) => {
        const end = turnId === null ? null : await this.messages.outcomeOf(tx, conversationId, turnId);
        // What is younger than the position follows live.
        const told = (end ?? []).filter((event) => !('seq' in event) || event.seq <= upTo);
        return { result: null, events: [ack, ...told] };
      });
    }
    return {
      conversationId,
      clientKey: earlier.client_key,
      ack,
      repeated: true,
      turnStatus: earlier.turn_status,
    };
  }

  // ── stopping ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Those that wait go first, so that none of them starts when the running one ends. */
  private async cancelAll(
    ctx: RequestContext,
    open: readonly { id: string; conversation_id: string; status: 'queued' | 'running'; lease_owner: string | null }[],
  ): Promise<void> {
    for (const turn of open) {
      if (turn.status !== 'queued') continue;
      const place = { tenantId: ctx.tenantId, conversationId: turn.conversation_id, turnId: turn.id };
      const ended = await this.scheduler.endUnowned(place, { status: 'cancelled', error: null, when: 'queued' });
      // It began meanwhile.
      if (!ended) await this.cancelRunning(ctx, turn.id, null);
    }
    for (const turn of open) if (turn.status === 'running') await this.cancelRunning(ctx, turn.id, turn.lease_owner);
  }

  private async cancelRunning(ctx: RequestContext, turnId: string, owner: string | null): Promise<void> {
    if (this.scheduler.stop(turnId, new TurnCancelled())) return;
    await this.uow.run(ctx, (tx) => this.turns.requestCancel(tx, turnId));
    if (owner === null) this.bus.broadcast('turn.abort', { turn: turnId });
    else this.bus.send(owner, 'turn.abort', { turn: turnId });
  }

  private interrupt(ctx: RequestContext, conversationId: string, by: string): void {
    this.uow
      .run(ctx, (tx) => this.turns.openOf(tx, ctx.principal.id, { conversation: { kind: 'id', id: conversationId } }))
      .then((open) => {
        const own = open.findIndex(({ id }) => id === by);
        // Over already: what is open now came after it.
        return this.cancelAll(ctx, open.slice(0, Math.max(0, own)));
      })
      .catch((error: unknown) => this.logger.warn({ err: error, conversation: conversationId }, 'interrupting failed'));
  }
}

/** Over what makes two messages the same: content, conversation, agent, metadata. */
function fingerprint(input: SubmitInput, conversation: ConversationReference = sentAs(input)): Buffer {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([input.content, conversation, input.agent, canonical(input.metadata)]));
  return hash.digest();
}

function sentAs(input: SubmitInput): ConversationReference {
  return input.conversationAsSent ?? input.conversation;
}

/** The conversation counts as it was sent, or as the one that the message ended up in. */
function sameMessage(earlier: EarlierSubmission, input: SubmitInput, own: Buffer): boolean {
  const stored = earlier.fingerprint;
  if (stored === null) return false;
  if (stored.equals(own)) return true;
  const sent = sentAs(input);
  const { client_key: key, conversation_id: id } = earlier;
  const endedUpIn =
    (sent.kind === 'id' && sent.id === id) || (sent.kind === 'key' && (sent.key === key || sent.key === id));
  if (!endedUpIn) return false;
  const names: ConversationReference[] = [{ kind: 'new' }, { kind: 'id', id }];
  if (key !== null) names.push({ kind: 'key', key });
  return names.some((name) => stored.equals(fingerprint(input, name)));
}

/** The same value with its keys in order, whatever order the client sent them in. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, canonical(entry)]),
  );
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23505';
}
