import { Injectable } from '@nestjs/common';
import { Bus } from '#platform/bus';
import type { RequestContext, TenantScope } from '#platform/context';
import { isUniqueViolation, type TenantTx } from '#platform/database';
import { CATCH_UP_MS, CatchUp } from '../live/catch-up.js';
import { ConversationStreams } from '../live/conversation-streams.js';
import { PartyNews } from '../live/party-news.js';
import type { AckEvent, MessageView, Subscriber } from '../model/conversation-event.js';
import { ClientMessageConflictError, TurnCancelled } from '../model/errors.js';
import { ConversationRepository, type ConversationView } from '../store/conversation.repository.js';
import { MessageRepository } from '../store/message.repository.js';
import { type LockedForPeople, PersonRepository, type PersonsMessage, type Said } from '../store/person.repository.js';
import { type HandedOff, TurnRepository } from '../store/turn.repository.js';
import { TurnRunner } from '../turns/turn-runner.js';
import { TurnScheduler } from '../turns/turn-scheduler.js';

/** What a transaction changed, for those who are told of it after the commit. */
export interface PeopleChange {
  readonly conversationId: string;
  readonly handedOff: HandedOff | null;
  /** The highest number that it gave out; 0: none. */
  readonly seq: number;
}

/**
 * Who answers a conversation, and what people say in it. The module of people decides; this carries it out, in that module's
 * transaction, and tells readers on every instance.
 *
 *   lock ─▶ toHuman: owner and epoch, open turns end `handed_off` in the same commit ─▶ told: their runs are stopped
 *        ─▶ say: a message of role `supporter`, only while a person owns the conversation
 *        ─▶ toAgent: owner and epoch back, with a note that the agent's next turn is shown
 *
 * Every change holds the conversation's row lock, as the commits of turns do: of an answer and a take-over one comes first, and
 * the other sees it. An answer that comes second finds its turn ended, and another epoch.
 */
@Injectable()
export class HandoverService {
  constructor(
    private readonly people: PersonRepository,
    private readonly conversations: ConversationRepository,
    private readonly messages: MessageRepository,
    private readonly turns: TurnRepository,
    private readonly streams: ConversationStreams,
    private readonly catchUp: CatchUp,
    private readonly parties: PartyNews,
    private readonly runner: TurnRunner,
    private readonly scheduler: TurnScheduler,
    private readonly bus: Bus,
  ) {}

  /** Held until the transaction ends. */
  lock(tx: TenantTx, conversationId: string): Promise<LockedForPeople | null> {
    return this.people.lock(tx, conversationId);
  }

  find(tx: TenantTx, conversationId: string): Promise<ConversationView | null> {
    return this.conversations.findAny(tx, conversationId);
  }

  /** Only the user's own. */
  async findOwn(tx: TenantTx, ctx: RequestContext, conversationId: string): Promise<ConversationView | null> {
    const found = await this.conversations.find(tx, ctx.principal.id, conversationId);
    if (found === null) return null;
    const { last_seq: _, ...view } = found;
    return view;
  }

  /** The last messages, oldest first. */
  async latest(tx: TenantTx, conversationId: string, limit: number): Promise<MessageView[]> {
    const page = { limit, after: null, descending: true };
    return (await this.messages.page(tx, conversationId, page)).reverse();
  }

  /** A person answers from now on; what the agent was about to say is not said. Under the lock. */
  async toHuman(tx: TenantTx, conversationId: string): Promise<HandedOff> {
    await this.people.own(tx, conversationId, 'human');
    return this.turns.handOff(tx, conversationId);
  }

  /** The agent answers again. Under the lock. @param note what its next turn is to know @returns the number given out */
  async toAgent(tx: TenantTx, conversationId: string, note: string | null): Promise<number> {
    await this.people.own(tx, conversationId, 'agent');
    return note === null ? 0 : this.people.note(tx, conversationId, note);
  }

  async setStatus(tx: TenantTx, conversationId: string, status: 'active' | 'ended'): Promise<void> {
    await this.people.setStatus(tx, conversationId, status);
  }

  /** The same message, sent before. Under the lock. @throws ClientMessageConflictError */
  earlier(tx: TenantTx, message: PersonsMessage): Promise<Said | null> {
    return this.people.earlier(tx, message);
  }

  /** Under the lock. @returns null when no person owns the conversation @throws ClientMessageConflictError */
  async say(tx: TenantTx, message: PersonsMessage): Promise<Said | null> {
    try {
      return await this.people.say(tx, message);
    } catch (error) {
      if (isUniqueViolation(error)) throw new ClientMessageConflictError();
      throw error;
    }
  }

  /** After the commit. Resolves when the readers here were told. @param except a reader that is answered directly */
  async told(scope: TenantScope, { conversationId, handedOff, seq }: PeopleChange, except?: string): Promise<void> {
    for (const { id, lease_owner: owner } of handedOff?.turns ?? []) {
      if (this.runner.stop(id, new TurnCancelled()) || owner === null) continue;
      this.bus.send(owner, 'turn.abort', { turn: id });
    }
    const highest = Math.max(seq, handedOff?.seq ?? 0);
    if (highest > 0) {
      const stream = this.streams.find(scope, conversationId);
      stream?.raise(highest);
      if (stream !== undefined && stream.subscriberCount > 0) await this.catchUp.runWithin(CATCH_UP_MS, stream);
      this.scheduler.announce(scope, conversationId, highest);
    }
    if (except !== undefined) await this.parties.tell(scope, conversationId, except);
    await this.parties.announce(scope, conversationId);
  }

  /** The places in the queue have moved. */
  queueMoved(scope: TenantScope): Promise<void> {
    return this.parties.tellWaiting(scope);
  }

  /**
   * After the commit of a person's message: the sender gets the `ack`, everybody else the message.
   * @param sender its socket, which follows the conversation from now on; null: by REST
   */
  async tellSaid(
    scope: TenantScope,
    message: PersonsMessage,
    said: Said,
    sender: Subscriber | null,
  ): Promise<MessageView> {
    const { clientMessageId, conversationId } = message;
    const view = this.messages.saidView(message, said);
    if (sender !== null) {
      const stream = this.streams.subscribe(scope, conversationId, sender, said.seq);
      if (!said.repeated) stream.asked(said.id, sender.id);
      const ack: AckEvent = {
        type: 'ack',
        client_message_id: clientMessageId,
        message_id: said.id,
        turn_id: null,
        conversation_id: conversationId,
      };
      sender.deliver(ack);
    }
    if (said.repeated) return view;
    const stream = this.streams.find(scope, conversationId);
    if (stream !== undefined && !stream.tellCommitted([{ type: 'message', ...view }], said.previous, said.seq))
      await this.catchUp.runWithin(CATCH_UP_MS, stream);
    this.scheduler.announce(scope, conversationId, said.seq);
    return view;
  }
}
