import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Bus } from '#platform/bus';
import { AppConfig } from '#platform/config';
import type { RequestContext } from '#platform/context';
import { CommitInDoubtError, newId, type TenantTx, UnitOfWork } from '#platform/database';
import { type Estimate, MessageRateLimiter, SpendingLimits, type TenantSettings } from '#tenants';
import { defaultTitle } from '../model/default-title.js';
import {
  ClientMessageConflictError,
  ConversationClosedError,
  ConversationNotFoundError,
  NotAgainError,
  TooManyQueuedError,
  TurnNotFoundError,
} from '../model/errors.js';
import type { ConversationReference, SubmitInput } from '../model/submit.js';
import {
  type AskedQuestion,
  type EarlierSubmission,
  type LastAsked,
  type LockedConversation,
  type OpenedTurn,
  TurnRepository,
} from '../store/turn.repository.js';

/** Ids chosen before the first transaction, so that trying it again makes the same rows. */
export interface Draft {
  readonly conversationId: string;
  readonly messageId: string;
  readonly turnId: string;
  readonly answerId: string;
  readonly fingerprint: Buffer | null;
}

/** Two repeats of a failed message at once: the second one finds the turn of the first. */
class RepeatedMeanwhile extends Error {}

export interface Opened {
  readonly kind: 'opened';
  readonly opened: OpenedTurn;
  readonly conversationId: string;
  readonly clientKey: string | null;
  readonly messageId: string;
  readonly attempt: number;
  readonly untitled: boolean;
  /** It is there already, has been answered, and its readers know it. */
  readonly again: boolean;
}
export type Accepted =
  | { readonly kind: 'repeat'; readonly earlier: EarlierSubmission }
  /** Opened by a commit whose reply was lost: told like a repeat, and begun after that. */
  | { readonly kind: 'landed'; readonly earlier: EarlierSubmission }
  | Opened;

/** What the acceptance has to know beside the message. */
export interface Circumstances {
  readonly settings: TenantSettings;
  /** What the turn may come to; null where nothing limits that. */
  readonly estimate: Estimate | null;
  /** The socket or request that sent it. */
  readonly startedBy: string;
  /** Turns wait already for a place to run here: this one waits behind them. */
  readonly wait: boolean;
  /** A question that is there already is asked again. */
  readonly again?: AskedQuestion;
}

/**
 * The first transaction of a turn: message, turn and the history that its model will see, committed together, or refused
 * with nothing written. Asked again with the same draft it makes the same rows, so a commit whose reply was lost is found.
 */
@Injectable()
export class TurnAcceptance {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly turns: TurnRepository,
    private readonly limiter: MessageRateLimiter,
    private readonly bus: Bus,
    private readonly config: AppConfig,
    private readonly spending: SpendingLimits,
  ) {}

  /** Ids for a message that is about to be accepted. */
  draft(input: SubmitInput): Draft {
    return {
      conversationId: newId(),
      messageId: newId(),
      turnId: newId(),
      answerId: newId(),
      fingerprint: input.clientMessageId === null ? null : fingerprint(input),
    };
  }

  /** The question of a turn. @throws TurnNotFoundError */
  async asked(
    ctx: RequestContext,
    target: { readonly turnId: string; readonly conversationId: string | null },
  ): Promise<AskedQuestion> {
    const question = await this.uow.run(ctx, (tx) => this.turns.findAsked(tx, ctx.principal.id, target));
    if (question === null) throw new TurnNotFoundError();
    return question;
  }

  async accept(ctx: RequestContext, input: SubmitInput, draft: Draft, by: Circumstances): Promise<Accepted> {
    // Before the transaction: the limits may live in Redis, and no connection waits for it. A repeat costs nothing.
    const refusal = await this.charge(ctx, draft, by);
    let charged = refusal === null;
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          const accepted = await this.tryAccept(ctx, input, draft, { ...by, refusal });
          if (accepted.kind !== 'repeat') charged = false;
          // A person answers: no model is asked.
          if (accepted.kind === 'opened' && accepted.opened.verdict === 'handed_off')
            await this.unspend(ctx, draft, by);
          return accepted;
        } catch (error) {
          if (attempt >= 4) throw error;
          // Two first messages of one client id or key at once: the next attempt finds what the other one wrote. Or a commit
          // in doubt that landed after it was looked for.
          if (error instanceof RepeatedMeanwhile) continue;
          if (!(error instanceof CommitInDoubtError) && !isUniqueViolation(error)) throw error;
          const landed = await this.uow.run(ctx, (tx) => this.turns.findLanded(tx, draft));
          if (landed === null) continue;
          charged = false;
          return { kind: 'landed', earlier: landed };
        }
      }
    } finally {
      if (charged) {
        await this.limiter.refund(ctx, by.settings).catch(() => undefined);
        await this.unspend(ctx, draft, by);
      }
    }
  }

  /** Takes a message from the person's minute, and what its turn may come to. @returns why not */
  private async charge(
    ctx: RequestContext,
    { turnId }: Draft,
    { estimate, settings }: Circumstances,
  ): Promise<{ readonly error: unknown } | null> {
    try {
      await this.limiter.consume(ctx, settings);
    } catch (error) {
      return { error };
    }
    if (estimate === null) return null;
    try {
      await this.spending.reserve(ctx, settings, turnId, estimate);
      return null;
    } catch (error) {
      await this.limiter.refund(ctx, settings).catch(() => undefined);
      return { error };
    }
  }

  /** What is left of it then is void after a while. */
  private async unspend(ctx: RequestContext, { turnId }: Draft, { estimate, settings }: Circumstances): Promise<void> {
    if (estimate !== null) await this.spending.release(ctx, settings, turnId).catch(() => undefined);
  }

  private tryAccept(
    ctx: RequestContext,
    input: SubmitInput,
    draft: Draft,
    by: Circumstances & { readonly refusal: { error: unknown } | null },
  ): Promise<Accepted> {
    const principalId = ctx.principal.id;
    const { clientMessageId } = input;
    return this.uow.run(ctx, async (tx): Promise<Accepted> => {
      // Sent together: one round trip, but for a key that looks like an id.
      const [, earlier, named] = await Promise.all([
        this.turns.holdSession(tx, ctx.principal),
        clientMessageId === null || by.again !== undefined
          ? null
          : this.turns.findEarlier(tx, principalId, clientMessageId),
        this.lockNamed(tx, ctx, input, draft),
      ]);
      if (earlier !== null) {
        if (draft.fingerprint === null || !sameMessage(earlier, input, draft.fingerprint)) {
          throw new ClientMessageConflictError();
        }
        // Made just now, by this very transaction; where the message is in it, an earlier try of ours has made both.
        const madeForNothing = named?.id === draft.conversationId && earlier.conversation_id !== draft.conversationId;
        if (madeForNothing) await this.turns.unmake(tx, draft.conversationId);
        if (earlier.turn_status !== 'failed')
          return { kind: earlier.turn_id === draft.turnId ? 'landed' : 'repeat', earlier };
      } else if (input.conversation.kind === 'id' && named === null) throw new ConversationNotFoundError();
      if (by.refusal !== null) throw by.refusal.error;

      // A repeat belongs where its message is, whatever a channel's default says by now.
      const conversation: LockedConversation | null =
        earlier === null || named?.id === earlier.conversation_id
          ? named
          : await this.turns.lockConversation(tx, principalId, earlier.conversation_id);
      if (conversation?.status === 'ended') throw new ConversationClosedError();
      const conversationId = conversation?.id ?? draft.conversationId;
      const last = by.again === undefined ? null : await this.lastQuestion(tx, named, by.again);
      const messageId = (last ?? earlier)?.message_id ?? draft.messageId;
      const attempt = ((last ?? earlier)?.attempt ?? 0) + 1;
      // Of a question that was never answered nothing is shown: it is sent once more.
      const again = last !== null && last.state !== 'discarded';
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
          started_by: by.startedBy,
          role: ctx.principal.role,
          persona: ctx.principal.persona,
          session_id: ctx.principal.sessionId,
          correlation_id: ctx.correlationId,
        },
        attempt,
        retries: again ? null : ((last ?? earlier)?.turn_id ?? null),
        again,
        create:
          conversation === null
            ? { channel: input.channel, persona: ctx.principal.persona, title: defaultTitle(new Date()) }
            : null,
        instance: this.bus.instance,
        leaseSeconds: this.config.env.LEASE_SECONDS,
        historyMessages: settings.historyMessages,
        queueMode: settings.queueMode,
        wait: by.wait,
      });
      if (opened.verdict === 'repeated') throw new RepeatedMeanwhile();
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
        again,
      };
    });
  }

  /** @throws NotAgainError when it is not the last one, or not over */
  private async lastQuestion(
    tx: TenantTx,
    conversation: LockedConversation | null,
    { message_id: messageId }: AskedQuestion,
  ): Promise<LastAsked> {
    const last = conversation === null ? null : await this.turns.lastAsked(tx, conversation.id);
    if (last === null) throw new TurnNotFoundError();
    if (conversation?.owner === 'human')
      throw new NotAgainError('A person has taken this conversation over: write to them instead');
    if (last.status === 'queued' || last.status === 'running')
      throw new NotAgainError('An answer is being written in this conversation: wait until it is done', {
        retryable: true,
      });
    if (last.message_id !== messageId || last.is_followed)
      throw new NotAgainError('Only the last question can be asked again: send this one as a new message');
    return last;
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
