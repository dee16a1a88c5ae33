import { Injectable } from '@nestjs/common';
import { AgentRuntime } from '#agents';
import type { RequestContext } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { type Estimate, SpendingLimits, TenantSettingsCache, type TenantSettings } from '#tenants';
import { CATCH_UP_MS, CatchUp } from '../live/catch-up.js';
import { ConversationStreams } from '../live/conversation-streams.js';
import type { AckEvent, Subscriber } from '../model/conversation-event.js';
import { DrainingError, UnknownAgentError } from '../model/errors.js';
import type { ConversationReference, Submitted, SubmitInput } from '../model/submit.js';
import { MessageRepository } from '../store/message.repository.js';
import type { AskedQuestion, EarlierSubmission } from '../store/turn.repository.js';
import { LastReaders } from './last-readers.js';
import type { RunningTurn } from './running-turn.js';
import { type Draft, type Opened, TurnAcceptance } from './turn-acceptance.js';
import { TurnScheduler } from './turn-scheduler.js';
import { TurnStopper } from './turn-stopper.js';

/**
 * What channels ask of turns. Takes messages in and tells the sender and the other readers here what became of them; the
 * first transaction is `TurnAcceptance`'s, stopping `TurnStopper`'s. Which turn runs, and where, is the `TurnScheduler`'s;
 * this service never waits for it.
 */
@Injectable()
export class TurnService {
  private draining = false;

  constructor(
    private readonly uow: UnitOfWork,
    private readonly messages: MessageRepository,
    private readonly streams: ConversationStreams,
    private readonly catchUp: CatchUp,
    private readonly acceptance: TurnAcceptance,
    private readonly scheduler: TurnScheduler,
    private readonly stopper: TurnStopper,
    private readonly lastReaders: LastReaders,
    private readonly runtime: AgentRuntime,
    private readonly settings: TenantSettingsCache,
    private readonly spending: SpendingLimits,
  ) {}

  /**
   * Commits a message with its turn and starts it (or lets it wait). The subscriber is subscribed and gets its `ack` before
   * this resolves, and before anything else of the turn.
   * @throws ConversationNotFoundError, ConversationClosedError, ClientMessageConflictError, TooManyQueuedError,
   *   UnknownAgentError, RateLimitError, QuotaExceededError, DrainingError; nothing is written then
   */
  submit(ctx: RequestContext, input: SubmitInput, subscriber: Subscriber): Promise<Submitted> {
    return this.accept(ctx, input, subscriber);
  }

  /** @throws TurnNotFoundError for what is not one of the caller's turns */
  async placeOf(ctx: RequestContext, turnId: string): Promise<{ readonly conversationId: string }> {
    const { conversation_id: conversationId } = await this.acceptance.asked(ctx, { turnId, conversationId: null });
    return { conversationId };
  }

  /**
   * Asks the question of a turn again: a new turn, whose answer takes the place of the earlier one once it is complete.
   * Acknowledged and told as a message is.
   * @throws TurnNotFoundError, NotAgainError when it is not the last question or not over; and what `submit` throws
   */
  async regenerate(
    ctx: RequestContext,
    target: { readonly turnId: string; readonly conversationId: string | null },
    by: Pick<SubmitInput, 'channel' | 'onDisconnect'> & { readonly subscriber: Subscriber },
  ): Promise<Submitted> {
    const again = await this.acceptance.asked(ctx, target);
    const input: SubmitInput = {
      conversation: { kind: 'id', id: again.conversation_id },
      content: again.content,
      clientMessageId: again.client_message_id,
      metadata: again.metadata,
      agent: again.request.agent,
      channel: by.channel,
      onDisconnect: by.onDisconnect,
    };
    return this.accept(ctx, input, by.subscriber, again);
  }

  private async accept(
    ctx: RequestContext,
    input: SubmitInput,
    subscriber: Subscriber,
    again?: AskedQuestion,
  ): Promise<Submitted> {
    if (this.draining) throw new DrainingError();
    const settings = await this.settings.get(ctx);
    if (input.agent !== null && !(await this.runtime.offers(ctx, input.agent)))
      throw new UnknownAgentError(input.agent);
    const acceptedAt = performance.now();
    const draft = this.acceptance.draft(input);
    const accepted = await this.acceptance.accept(ctx, input, draft, {
      settings,
      estimate: await this.estimate(ctx, input, settings),
      startedBy: subscriber.id,
      wait: this.scheduler.mustWait,
      ...(again === undefined ? {} : { again }),
    });
    switch (accepted.kind) {
      case 'repeat':
        return this.repeat(ctx, accepted.earlier, input.clientMessageId, subscriber);
      case 'landed':
        try {
          return await this.repeat(ctx, accepted.earlier, input.clientMessageId, subscriber);
        } finally {
          // Now, and not when a lease runs out that nobody renews.
          const { conversation_id: conversationId } = accepted.earlier;
          void this.scheduler.adopt({ tenantId: ctx.tenantId, conversationId, turnId: draft.turnId });
        }
      case 'opened':
        return this.begin(ctx, input, { accepted, acceptedAt, draft, settings, subscriber });
    }
  }

  /** See `TurnStopper.abort`. */
  abort(
    ctx: RequestContext,
    target: { conversation?: ConversationReference; turnId?: string; startedBy?: string },
  ): Promise<string[]> {
    return this.stopper.abort(ctx, target);
  }

  /** Takes no more messages; what runs may finish for `graceMs`, the rest is left to another instance or the next start. */
  async drain(graceMs: number): Promise<void> {
    this.draining = true;
    await this.scheduler.drain(graceMs);
  }

  /** null: nothing limits what the turn may come to. */
  private async estimate(ctx: RequestContext, input: SubmitInput, settings: TenantSettings): Promise<Estimate | null> {
    return this.spending.applyTo(settings) ? this.runtime.estimate(ctx, input.content) : null;
  }

  // ── telling ───────────────────────────────────────────────────────────────────────────────────────────────────────

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
    const listened = this.streams.find(ctx, conversationId)?.has(subscriber.id) === true;
    const stream = this.streams.subscribe(ctx, conversationId, subscriber, opened.seq);
    if (!accepted.again) stream.asked(messageId, subscriber.id);
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
    // Whoever listens has the question already.
    const news = accepted.again ? [] : [{ type: 'message' as const, ...question }];
    const told = stream.tellCommitted(news, opened.previous, opened.seq);
    const { live } = stream;
    const knowsRunning = [...stream.open.values()].some(({ status }) => status === 'running');
    if (!told) await this.catchUp.runWithin(CATCH_UP_MS, stream);
    // What it waits for may be half told already; whatever began during the catching up was told to all.
    if (!listened && opened.verdict === 'queued' && stream.live === live) stream.tellLive(subscriber);
    if (opened.verdict === 'running') {
      this.scheduler.start(this.runningTurn(ctx, input, by));
    } else if (opened.verdict === 'queued') {
      const waiting = { turn_id: draft.turnId, question_id: messageId, answer_id: draft.answerId };
      // Where others' commits had to be read first, that told of it as well: it may even be over by now.
      if (told && !stream.open.has(draft.turnId)) {
        stream.waits({ ...waiting, attempt, start: 0, agent: input.agent }, 0, settings.statusMessages.queued);
      }
      if (input.onDisconnect === 'cancel') this.lastReaders.remember(stream, draft.turnId);
      if (settings.queueMode === 'interrupt') this.stopper.interrupt(ctx, conversationId, draft.turnId);
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
      replaces: opened.replaces,
      lastSeq: opened.seq,
      controller: new AbortController(),
    };
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
}
