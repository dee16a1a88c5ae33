import { Injectable } from '@nestjs/common';
import type { Citation } from '#agents';
import type { RequestContext, TenantScope } from '#platform/context';
import { seesAsStaff } from '#platform/http';
import { isUniqueViolation, newId, type TenantTx, UnitOfWork } from '#platform/database';
import { ConflictError, NotFoundError } from '#platform/errors';
import { CatchUp } from '../live/catch-up.js';
import type { ConversationStream } from '../live/conversation-stream.js';
import { ConversationStreams } from '../live/conversation-streams.js';
import { PartyNews } from '../live/party-news.js';
import { TurnRelay } from '../live/turn-relay.js';
import type { ContextRestoredEvent, MessageView, Subscriber } from '../model/conversation-event.js';
import { defaultTitle } from '../model/default-title.js';
import { ConversationNotFoundError, TurnNotFoundError } from '../model/errors.js';
import { PeopleRegistry } from '../model/people-registry.js';
import type { ConversationReference } from '../model/submit.js';
import { ConversationRepository, type ConversationView, type TurnView } from '../store/conversation.repository.js';
import { MessageRepository } from '../store/message.repository.js';
import { TurnRepository } from '../store/turn.repository.js';
import type { Transcript } from './transcript.js';
import { TurnScheduler } from '../turns/turn-scheduler.js';
import { TurnStopper } from '../turns/turn-stopper.js';

/** How many messages `context_restored` carries, and how many stored frames a resume replays at most. */
const RESTORED_MESSAGES = 20;
const REPLAYED_EVENTS = 500;

/** `knowledge_base_id`: for those who may read its document there. */
type CitedPassage = Citation & { readonly content: string | null; readonly knowledge_base_id?: string | null };

/** Reads and changes conversations of the caller; nothing here can name another user's. */
@Injectable()
export class ConversationService {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly conversations: ConversationRepository,
    private readonly messages: MessageRepository,
    private readonly turns: TurnRepository,
    private readonly streams: ConversationStreams,
    private readonly catchUp: CatchUp,
    private readonly relay: TurnRelay,
    private readonly scheduler: TurnScheduler,
    private readonly stopper: TurnStopper,
    private readonly parties: PartyNews,
    private readonly people: PeopleRegistry,
  ) {}

  async create(
    ctx: RequestContext,
    input: { title?: string; clientKey?: string; metadata?: Record<string, unknown>; channel: string },
  ): Promise<ConversationView> {
    try {
      return await this.uow.run(ctx, async (tx) => {
        await this.turns.holdSession(tx, ctx.principal);
        return this.conversations.insert(tx, {
          id: newId(),
          principalId: ctx.principal.id,
          clientKey: input.clientKey ?? null,
          channel: input.channel,
          persona: ctx.principal.persona,
          title: input.title ?? defaultTitle(new Date()),
          titleSource: input.title === undefined ? 'default' : 'user',
          metadata: input.metadata ?? {},
        });
      });
    } catch (error) {
      if (isUniqueViolation(error)) {
        throw new ConflictError('A conversation with this client_key exists already', { field: 'client_key' });
      }
      throw error;
    }
  }

  /**
   * All conversations of one principal become another's, in the transaction that is the reason for it. Whoever had them open
   * is told nothing: end their sessions before it, so that none is begun meanwhile and left behind.
   * @returns how many
   */
  moveAll(tx: TenantTx, move: { readonly from: string; readonly to: string }): Promise<number> {
    return this.conversations.moveAll(tx, move);
  }

  /** Newest first. */
  list(
    ctx: RequestContext,
    page: { limit: number; before: { at: string; id: string } | null },
  ): Promise<ConversationView[]> {
    return this.uow.run(ctx, (tx) => this.conversations.page(tx, ctx.principal.id, page));
  }

  /** @throws ConversationNotFoundError also for another user's */
  get(ctx: RequestContext, id: string): Promise<ConversationView> {
    return this.within(ctx, id, async (_tx, { last_seq: _, ...view }) => view);
  }

  /** @param assertCurrent is given what a read would show now; throws to refuse the change */
  async update(
    ctx: RequestContext,
    id: string,
    changes: { title?: string; status?: 'active' | 'ended'; metadata?: Record<string, unknown> },
    assertCurrent: (current: ConversationView) => void = () => undefined,
  ): Promise<ConversationView> {
    let tellEnd: () => Promise<void> = () => Promise.resolve();
    const changed = await this.uow.run(ctx, async (tx) => {
      await this.turns.lockConversation(tx, ctx.principal.id, id);
      const current = await this.conversations.find(tx, ctx.principal.id, id);
      if (current === null) throw new ConversationNotFoundError();
      const { last_seq: _, ...view } = current;
      assertCurrent(view);
      if (changes.status === 'ended') tellEnd = await this.people.ended(tx, ctx, id);
      const updated = await this.conversations.update(tx, ctx.principal.id, id, changes);
      if (updated === null) throw new ConversationNotFoundError();
      return updated;
    });
    if (changes.title !== undefined || changes.status !== undefined) await this.parties.announce(ctx, id);
    await tellEnd();
    return changed;
  }

  /** Removes the conversation with all that belongs to it. Its turns end as cancelled, wherever they run or wait. */
  async delete(ctx: RequestContext, id: string): Promise<void> {
    await this.uow.run(ctx, async (tx) => {
      if (!(await this.conversations.delete(tx, ctx.principal.id, id))) throw new ConversationNotFoundError();
    });
    this.scheduler.deleted(ctx, id);
    await this.people.deleted(ctx);
  }

  listMessages(
    ctx: RequestContext,
    id: string,
    page: { limit: number; after: number | null; descending: boolean },
  ): Promise<MessageView[]> {
    return this.within(ctx, id, (tx) => this.messages.page(tx, id, page));
  }

  getMessage(ctx: RequestContext, id: string, messageId: string): Promise<MessageView> {
    return this.within(ctx, id, async (tx) => {
      const message = await this.messages.find(tx, id, messageId);
      if (message === null) throw new NotFoundError('Message not found or access denied');
      return message;
    });
  }

  /**
   * A numbered source of an answer with its whole passage. `content` is null when the document has been deleted since, or is
   * being read again; the quote that the answer rests on stays.
   * @throws NotFoundError also when the passage is kept for others by now: another owner, other personas
   */
  async citation(ctx: RequestContext, id: string, messageId: string, n: number): Promise<CitedPassage> {
    const message = await this.getMessage(ctx, id, messageId);
    const citation = message.metadata.citations?.find((entry) => entry.n === n);
    if (citation === undefined) throw new NotFoundError('This answer has no such citation');
    const { id: caller, persona } = ctx.principal;
    const asStaff = seesAsStaff(ctx.principal, 'knowledge.read');
    const [chunk] = await this.uow.query<CitedRow>(ctx, CITED_PASSAGE, [
      ctx.tenantId,
      citation.chunk_id,
      caller,
      persona,
      asStaff,
    ]);
    if (chunk?.visible === false)
      throw new NotFoundError('The passage behind this citation is not yours to read any more');
    const { content = null, knowledge_base_id = null } = chunk ?? {};
    return { ...citation, content, ...(asStaff ? { knowledge_base_id } : {}) };
  }

  transcript(ctx: RequestContext, id: string): Promise<Transcript> {
    return this.within(ctx, id, async (tx, { last_seq: _, ...conversation }) => ({
      conversation,
      messages: await this.messages.whole(tx, id),
    }));
  }

  listTurns(ctx: RequestContext, id: string, page: { limit: number; before: string | null }): Promise<TurnView[]> {
    return this.within(ctx, id, (tx) => this.conversations.turns(tx, id, page));
  }

  getTurn(ctx: RequestContext, id: string, turnId: string): Promise<TurnView> {
    return this.within(ctx, id, async (tx) => {
      const turn = await this.conversations.turn(tx, id, turnId);
      if (turn === null) throw new TurnNotFoundError();
      return turn;
    });
  }

  /** The id behind the client's own key (or the id itself, when it is the caller's). */
  async resolve(ctx: RequestContext, reference: ConversationReference): Promise<string> {
    const id = await this.uow.run(ctx, (tx) => this.turns.resolve(tx, ctx.principal.id, reference));
    if (id === null) throw new ConversationNotFoundError();
    return id;
  }

  /** The caller's conversation of last use, for `resume=latest`; a question that is being answered is use. */
  latest(ctx: RequestContext): Promise<string | null> {
    return this.uow.run(ctx, (tx) => this.conversations.latest(tx, ctx.principal.id));
  }

  /**
   * Subscribes a reader and brings it up to date: `context_restored`, then stored frames after `afterSeq`, then a running
   * turn's `turn` frame, payloads and text so far as one token at offset 0, then everything live, with nothing twice and
   * nothing lost: what is stored during the read is held back and follows.
   * @param afterSeq 'now' replays nothing of the past, for a reader that only wants the context
   */
  async resume(
    ctx: RequestContext,
    id: string,
    afterSeq: number | 'now',
    subscriber: Subscriber,
    options: { readonly context: boolean; readonly parties?: boolean } = { context: true },
  ): Promise<{ clientKey: string | null }> {
    const told = () => this.streams.find(ctx, id)?.partiesTold ?? 0;
    const before = told();
    const attached = await this.catchUp.attach(ctx, id, subscriber, async (tx, { last_seq: upTo, open }) => {
      const conversation = await this.toFollow(tx, ctx, id);
      const running = open.find(({ status }) => status === 'running');
      const [latest, turn, missed] = await Promise.all([
        this.messages.page(tx, id, { limit: RESTORED_MESSAGES, after: null, descending: true }),
        // What runs is of more interest than what waits behind it.
        running === undefined
          ? this.conversations.turns(tx, id, { limit: 1, before: null }).then(([newest]) => newest ?? null)
          : this.conversations.turn(tx, id, running.id),
        afterSeq === 'now' ? [] : this.messages.eventsAfter(tx, id, afterSeq, REPLAYED_EVENTS + 1),
      ]);
      const snapshot = missed.length > REPLAYED_EVENTS;
      const restored: ContextRestoredEvent = {
        type: 'context_restored',
        conversation_id: id,
        summary: conversation.summary,
        messages: latest.reverse(),
        last_seq: upTo,
        turn: this.turnState(ctx, turn),
        snapshot,
      };
      // What is younger than the position follows live.
      const events = missed.slice(snapshot ? 1 : 0).filter((event) => !('seq' in event) || event.seq <= upTo);
      const parties = await this.parties.forLateReader(tx, id, { upTo, afterSeq });
      return {
        result: { clientKey: conversation.client_key, parties: parties.parties },
        events: [
          ...(options.context ? [restored, ...events] : events),
          ...(options.parties === false ? [] : parties.events),
        ],
      };
    });
    const stream = this.streams.find(ctx, id);
    if (stream !== undefined) stream.parties ??= attached.parties;
    // Told to the others while this one was being caught up.
    if (before !== told() && options.parties !== false) await this.tellParties(ctx, id, subscriber);
    return { clientKey: attached.clientKey };
  }

  /** Tells one reader who takes part in a conversation. */
  private async tellParties(ctx: RequestContext, id: string, subscriber: Subscriber): Promise<void> {
    const known = await this.uow.run(ctx, (tx) => this.parties.known(tx, id));
    const seq = this.streams.find(ctx, id)?.nextSeq();
    if (seq !== undefined) for (const event of known?.events ?? []) subscriber.deliver({ ...event, seq });
  }

  /** One's own conversation, or, for staff, one that they may follow. @throws ConversationNotFoundError */
  private async toFollow(tx: TenantTx, ctx: RequestContext, id: string): Promise<ConversationView> {
    const own = await this.conversations.find(tx, ctx.principal.id, id);
    if (own !== null) return own;
    const others = (await this.people.mayFollow(tx, ctx, id)) ? await this.conversations.findAny(tx, id) : null;
    if (others === null) throw new ConversationNotFoundError();
    return others;
  }

  /** Whether a reader listens to a conversation. */
  follows(scope: TenantScope, conversationId: string, subscriberId: string): boolean {
    return this.streams.find(scope, conversationId)?.has(subscriberId) === true;
  }

  /** A number for what one reader of a conversation is answered directly. */
  nextSeq(scope: TenantScope, conversationId: string): number {
    return this.streams.find(scope, conversationId)?.nextSeq() ?? 0;
  }

  /** Takes a reader out of one conversation. @returns false when it did not listen to it */
  leave(conversationId: string, subscriberId: string): boolean {
    const stream = this.streams.leave(conversationId, subscriberId);
    if (stream === null) return false;
    if (stream.subscriberCount === 0) this.unwatched(stream);
    return true;
  }

  /** Takes a reader out of every conversation; turns that were to end with their last reader are cancelled. */
  unsubscribe(subscriberId: string): void {
    for (const stream of this.streams.unsubscribe(subscriberId)) this.unwatched(stream);
  }

  private unwatched(stream: ConversationStream): void {
    this.relay.leave(stream);
    this.stopper.unwatched(stream);
  }

  private turnState(ctx: RequestContext, turn: TurnView | null): ContextRestoredEvent['turn'] {
    if (turn === null) return null;
    const live = this.streams.find(ctx, turn.conversation_id)?.live;
    const running = live?.turnId === turn.id ? live : null;
    return {
      turn_id: turn.id,
      status: turn.status,
      attempt: turn.attempt,
      start: Math.max(1, turn.start),
      answer_id: turn.answer_id,
      agent: turn.agent ?? running?.agent ?? null,
      text: running?.text ?? '',
      error: turn.error,
    };
  }

  private within<T>(
    ctx: RequestContext,
    id: string,
    work: (tx: TenantTx, conversation: ConversationView & { last_seq: number }) => Promise<T>,
  ): Promise<T> {
    return this.uow.run(ctx, async (tx) => {
      const conversation = await this.conversations.find(tx, ctx.principal.id, id);
      if (conversation === null) throw new ConversationNotFoundError();
      return work(tx, conversation);
    });
  }
}

/** As the search decides what is found: by the owner and the personas of now. A document that goes is not searched any more. */
interface CitedRow {
  readonly content: string | null;
  readonly knowledge_base_id: string;
  readonly visible: boolean;
}

const CITED_PASSAGE = `
SELECT CASE WHEN c.searchable THEN c.content END AS content, c.knowledge_base_id,
  (c.owner_id IS NULL OR c.owner_id = $3) AND ($5 OR c.personas = '{}' OR coalesce($4 = ANY(c.personas), false)) AS visible
FROM app.chunk c
WHERE c.tenant_id = $1 AND c.id = $2`;
