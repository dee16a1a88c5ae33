import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { AppConfig } from '#platform/config';
import type { RequestContext } from '#platform/context';
import { newId, UnitOfWork } from '#platform/database';
import { LOGGER, type Logger } from '#platform/logging';
import { MessageRateLimiter, TenantSettingsCache, type TenantSettings } from '#tenants';
import { defaultTitle } from './conversation.view.js';
import type { AckEvent, StatusEvent, Subscriber } from './conversation-event.js';
import { ConversationStreams } from './conversation-stream.js';
import {
  ClientMessageConflictError,
  ConversationClosedError,
  ConversationNotFoundError,
  DrainingError,
  TooManyQueuedError,
  TurnCancelled,
  TurnNotFoundError,
} from './conversations.errors.js';
import { MessageRepository } from './message.repository.js';
import { TurnExecutor } from './turn-executor.js';
import { type HeldTurn, TurnRegistry } from './turn-registry.js';
import { type EarlierSubmission, type LockedConversation, type OpenedTurn, TurnRepository } from './turn.repository.js';
import type { ConversationReference, Submitted, SubmitInput } from './turn.types.js';

/** Ids chosen before the first transaction, so that trying it again makes the same rows. */
interface Draft {
  readonly conversationId: string;
  readonly messageId: string;
  readonly turnId: string;
  readonly fingerprint: Buffer | null;
}

type Accepted =
  | { readonly kind: 'repeat'; readonly earlier: EarlierSubmission }
  | {
      readonly kind: 'opened';
      readonly opened: OpenedTurn;
      readonly conversationId: string;
      readonly clientKey: string | null;
      readonly messageId: string;
      readonly attempt: number;
      readonly untitled: boolean;
    };

/**
 * Takes messages in: the first transaction, the acknowledgement, and which turn runs when.
 * What runs is `TurnExecutor`'s; this service never waits for it.
 */
@Injectable()
export class TurnService {
  private draining = false;

  constructor(
    private readonly uow: UnitOfWork,
    private readonly turns: TurnRepository,
    private readonly messages: MessageRepository,
    private readonly registry: TurnRegistry,
    private readonly streams: ConversationStreams,
    private readonly executor: TurnExecutor,
    private readonly settings: TenantSettingsCache,
    private readonly limiter: MessageRateLimiter,
    private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    streams.onUnwatched = (conversationId) => this.cancelUnwatched(conversationId);
    executor.onFree = (ended) => void this.startNext(ended);
  }

  /**
   * Commits a message with its turn and starts it (or queues it). The subscriber is subscribed and gets its `ack` before
   * this resolves, and before anything else of the turn.
   * @throws ConversationNotFoundError, ConversationClosedError, ClientMessageConflictError, TooManyQueuedError,
   *   RateLimitError, DrainingError; nothing is written then
   */
  async submit(ctx: RequestContext, input: SubmitInput, subscriber: Subscriber): Promise<Submitted> {
    if (this.draining) throw new DrainingError();
    const settings = await this.settings.get(ctx);
    const acceptedAt = performance.now();
    const draft: Draft = {
      conversationId: newId(),
      messageId: newId(),
      turnId: newId(),
      fingerprint: input.clientMessageId === null ? null : fingerprint(input),
    };
    const accepted = await this.accept(ctx, input, draft, settings);
    if (accepted.kind === 'repeat') return this.repeat(ctx, accepted.earlier, input.clientMessageId, subscriber);

    const { opened, conversationId } = accepted;
    const turn = this.registry.add({
      ctx,
      turnId: draft.turnId,
      conversationId,
      clientKey: accepted.clientKey,
      messageId: accepted.messageId,
      clientMessageId: input.clientMessageId,
      attempt: accepted.attempt,
      content: input.content,
      agent: input.agent,
      metadata: input.metadata,
      startedBy: subscriber.id,
      onDisconnect: input.onDisconnect,
      untitled: accepted.untitled,
      acceptedAt,
      status: opened.verdict === 'running' ? 'running' : 'queued',
      fence: 1,
      ownerEpoch: opened.owner_epoch,
      history: opened.history,
    });
    const ack = this.announce(turn, input, opened, subscriber);
    if (turn.status === 'running') this.executor.start(turn);
    else if (settings.queueMode === 'interrupt') this.interrupt(turn);
    return { conversationId, clientKey: turn.clientKey, ack, repeated: false, turnStatus: turn.status };
  }

  /**
   * Stops turns: one by its id, those of a conversation, or (neither given) all that `startedBy` started.
   * @returns the turns told to stop; they end within a second
   * @throws TurnNotFoundError when there is nothing to stop
   */
  async abort(
    ctx: RequestContext,
    target: { conversation?: ConversationReference; turnId?: string; startedBy?: string },
  ): Promise<string[]> {
    const mine = this.registry
      .all()
      .filter((turn) => turn.ctx.tenantId === ctx.tenantId && turn.ctx.principal.id === ctx.principal.id)
      .filter((turn) => target.turnId === undefined || turn.turnId === target.turnId)
      .filter((turn) => target.conversation === undefined || names(target.conversation, turn))
      .filter(
        (turn) =>
          target.turnId !== undefined || target.conversation !== undefined || turn.startedBy === target.startedBy,
      );
    if (mine.length === 0) throw new TurnNotFoundError('Nothing to stop: no such turn is running');
    // Those that wait go first, so that none of them starts when the running one ends.
    mine.sort((a, b) => Number(a.status === 'running') - Number(b.status === 'running'));
    for (const turn of mine) await this.cancel(turn);
    return mine.map((turn) => turn.turnId);
  }

  /** Resolves when a turn of this instance has ended, or after `ms`. */
  async settled(turnId: string, ms: number): Promise<void> {
    const turn = this.registry.get(turnId);
    if (turn === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([turn.ended, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
    clearTimeout(timer);
  }

  /**
   * Takes no more messages, lets running turns finish for `graceMs`, then ends the rest as failed and retryable.
   * Turns that wait are ended at once.
   */
  async drain(graceMs: number): Promise<void> {
    this.draining = true;
    const running = this.registry.all();
    if (running.length > 0) this.logger.info({ turns: running.length }, 'finishing running turns');
    for (const turn of running) if (turn.status === 'queued') await this.executor.failQueued(turn, new DrainingError());
    await this.waitForAll(graceMs);
    for (const turn of this.registry.all()) turn.controller.abort(new DrainingError());
    await this.waitForAll(5000);
  }

  private async waitForAll(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
    await Promise.race([Promise.all(this.registry.all().map((turn) => turn.ended)), limit]);
    clearTimeout(timer);
  }

  private async accept(
    ctx: RequestContext,
    input: SubmitInput,
    draft: Draft,
    settings: TenantSettings,
  ): Promise<Accepted> {
    const charge = { done: false };
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.tryAccept(ctx, input, draft, settings, charge);
      } catch (error) {
        // Two first messages of one client id or key at once: the second attempt finds what the other one wrote.
        if (isUniqueViolation(error) && attempt < 4) continue;
        if (charge.done) await this.limiter.refund(ctx, settings);
        throw error;
      }
    }
  }

  private tryAccept(
    ctx: RequestContext,
    input: SubmitInput,
    draft: Draft,
    settings: TenantSettings,
    charge: { done: boolean },
  ): Promise<Accepted> {
    const principalId = ctx.principal.id;
    return this.uow.run(ctx, async (tx): Promise<Accepted> => {
      const title = defaultTitle(new Date());
      const persona = ctx.principal.persona;
      const { conversation: reference, clientMessageId } = input;
      // Sent together; whether the client names a conversation or not, this is one round trip.
      const [earlier, named] = await Promise.all([
        clientMessageId === null ? null : this.turns.findEarlier(tx, principalId, clientMessageId),
        reference.kind === 'new'
          ? null
          : reference.kind === 'id'
            ? this.turns.lockConversation(tx, principalId, reference.id)
            : this.turns.lockConversationByKey(tx, {
                id: draft.conversationId,
                principalId,
                key: reference.key,
                channel: input.channel,
                persona,
                title,
              }),
      ]);
      if (earlier !== null) {
        if (draft.fingerprint === null || !earlier.fingerprint.equals(draft.fingerprint)) {
          throw new ClientMessageConflictError();
        }
        if (earlier.turn_status !== 'failed' && earlier.turn_status !== 'cancelled') return { kind: 'repeat', earlier };
      } else if (reference.kind === 'id' && named === null) throw new ConversationNotFoundError();

      // A repeat belongs where its message is, whatever a channel's default says by now.
      const conversation: LockedConversation | null =
        earlier === null || named?.id === earlier.conversation_id
          ? named
          : await this.turns.lockConversation(tx, principalId, earlier.conversation_id);
      if (conversation?.status === 'ended') throw new ConversationClosedError();
      if (!charge.done) {
        await this.limiter.consume(ctx, settings);
        charge.done = true;
      }
      const conversationId = conversation?.id ?? draft.conversationId;
      const messageId = earlier?.message_id ?? draft.messageId;
      const attempt = (earlier?.attempt ?? 0) + 1;
      const opened = await this.turns.open(tx, {
        conversationId,
        principalId,
        messageId,
        turnId: draft.turnId,
        content: input.content,
        clientMessageId,
        fingerprint: draft.fingerprint,
        metadata: input.metadata,
        request: { agent: input.agent, channel: input.channel, on_disconnect: input.onDisconnect },
        attempt,
        revive: earlier !== null,
        create: conversation === null ? { channel: input.channel, persona, title } : null,
        instance: this.registry.instance,
        leaseSeconds: this.config.env.LEASE_SECONDS,
        historyMessages: settings.historyMessages,
        queueMode: settings.queueMode,
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

  /** Acknowledges to the sender, shows the question to the other readers, and says so when it has to wait. */
  private announce(turn: HeldTurn, input: SubmitInput, opened: OpenedTurn, subscriber: Subscriber): AckEvent {
    const stream = this.streams.subscribe(turn.conversationId, subscriber);
    stream.raise(opened.seq + 1);
    const ack: AckEvent = {
      type: 'ack',
      conversation_id: turn.conversationId,
      turn_id: turn.turnId,
      seq: opened.seq,
      client_message_id: input.clientMessageId,
      message_id: turn.messageId,
    };
    subscriber.deliver(ack);
    const question = this.messages.questionView(turn, opened.seq + 1, opened.created_at);
    stream.publish({ type: 'message', ...question }, subscriber.id);
    if (turn.status === 'queued') {
      const status: StatusEvent = {
        type: 'status',
        conversation_id: turn.conversationId,
        turn_id: turn.turnId,
        seq: stream.nextSeq(),
        step: 'queued',
        message: 'Waiting for the answer before this one...',
      };
      stream.publish(status);
    }
    return ack;
  }

  /** A repeat of a message: the identical ack, then whatever its turn has said. */
  private async repeat(
    ctx: RequestContext,
    earlier: EarlierSubmission,
    clientMessageId: string | null,
    subscriber: Subscriber,
  ): Promise<Submitted> {
    const ack: AckEvent = {
      type: 'ack',
      conversation_id: earlier.conversation_id,
      turn_id: earlier.turn_id,
      seq: earlier.ack_seq,
      client_message_id: clientMessageId,
      message_id: earlier.message_id,
    };
    const submitted = {
      conversationId: earlier.conversation_id,
      clientKey: earlier.client_key,
      ack,
      repeated: true,
      turnStatus: earlier.turn_status,
    };
    if (earlier.turn_status === 'running' || earlier.turn_status === 'queued') {
      const stream = this.streams.find(earlier.conversation_id);
      const known = stream?.has(subscriber.id) ?? false;
      subscriber.deliver(ack);
      const opened = this.streams.subscribe(earlier.conversation_id, subscriber);
      if (this.registry.get(earlier.turn_id) !== undefined) {
        if (!known) {
          const text = opened.live?.turnId === earlier.turn_id ? opened.textSoFar() : null;
          if (text !== null) subscriber.deliver(text);
        }
        return submitted;
      }
    } else subscriber.deliver(ack);
    const stream = this.streams.subscribe(earlier.conversation_id, subscriber);
    for (const event of await this.messages.outcomeOf(ctx, earlier.conversation_id, earlier.turn_id)) {
      stream.raise(event.seq);
      subscriber.deliver(event);
    }
    return submitted;
  }

  private async cancel(turn: HeldTurn): Promise<void> {
    if (turn.status === 'running') turn.controller.abort(new TurnCancelled());
    else await this.executor.cancelQueued(turn);
  }

  private interrupt(by: HeldTurn): void {
    for (const turn of this.registry.all()) {
      if (turn.conversationId === by.conversationId && turn.turnId !== by.turnId) {
        this.cancel(turn).catch((error: unknown) =>
          this.logger.warn({ err: error, turn: turn.turnId }, 'interrupting failed'),
        );
      }
    }
  }

  private cancelUnwatched(conversationId: string): void {
    for (const turn of this.registry.all()) {
      if (turn.conversationId !== conversationId || turn.onDisconnect !== 'cancel') continue;
      this.cancel(turn).catch((error: unknown) =>
        this.logger.warn({ err: error, turn: turn.turnId }, 'cancelling failed'),
      );
    }
  }

  /** After a turn has ended: the next one of its conversation, if one waits here. */
  private async startNext(ended: HeldTurn): Promise<void> {
    const waiting = this.registry
      .all()
      .some((turn) => turn.conversationId === ended.conversationId && turn.status === 'queued');
    if (!waiting || this.draining) return;
    try {
      const settings = await this.settings.get(ended.ctx);
      const claimed = await this.uow.run(ended.ctx, (tx) =>
        this.turns.claimNext(tx, {
          conversationId: ended.conversationId,
          instance: this.registry.instance,
          leaseSeconds: this.config.env.LEASE_SECONDS,
          historyMessages: settings.historyMessages,
        }),
      );
      const next = claimed === null ? undefined : this.registry.get(claimed.id);
      if (claimed === null || next === undefined) {
        this.dropWaiting(ended.conversationId);
        return;
      }
      next.status = 'running';
      next.fence = claimed.fence;
      next.ownerEpoch = claimed.owner_epoch;
      next.history = claimed.history;
      // Without readers the stream was let go of when the turn before ended, and with it the numbering.
      this.streams.open(next.conversationId).raise(claimed.last_seq);
      this.executor.start(next);
    } catch (error) {
      // Its lease is no longer renewed from here on, so the sweeper ends it visibly.
      this.logger.error({ err: error, conversation: ended.conversationId }, 'starting the next turn failed');
      this.dropWaiting(ended.conversationId);
    }
  }

  /** Forgets the waiting turns of a conversation in which nothing runs: they are no longer ours to start. */
  private dropWaiting(conversationId: string): void {
    const here = this.registry.all().filter((turn) => turn.conversationId === conversationId);
    if (here.some((turn) => turn.status === 'running')) return;
    for (const turn of here) this.executor.abandon(turn);
  }
}

function names(reference: ConversationReference, turn: HeldTurn): boolean {
  if (reference.kind === 'id') return reference.id === turn.conversationId;
  return reference.kind === 'key' && reference.key === turn.clientKey;
}

/** Over what makes two messages the same: content, conversation as sent, agent, metadata. */
function fingerprint(input: SubmitInput): Buffer {
  const hash = createHash('sha256');
  hash.update(
    JSON.stringify([
      input.content,
      input.conversationAsSent ?? input.conversation,
      input.agent,
      canonical(input.metadata),
    ]),
  );
  return hash.digest();
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
