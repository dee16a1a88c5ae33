import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#platform/context';
import { isUniqueViolation, type TenantTx } from '#platform/database';
import type { MessageView } from '../model/conversation-event.js';
import { ClientMessageConflictError } from '../model/errors.js';
import { ConversationRepository, type ConversationView } from '../store/conversation.repository.js';
import { MessageRepository } from '../store/message.repository.js';
import { type LockedForPeople, PersonRepository, type PersonsMessage, type Said } from '../store/person.repository.js';
import { type HandedOff, TurnRepository } from '../store/turn.repository.js';

/**
 * Who answers a conversation, and what people say in it. The module of people decides; this carries it out, in that module's
 * transaction. What it has changed is told after the commit, by `HandoverNews`.
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
}
