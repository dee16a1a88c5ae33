import { Injectable } from '@nestjs/common';
import { HandoverNews, HandoverService, type MessageView, type Subscriber } from '#conversations';
import type { RequestContext } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { EscalationNotFoundError, EscalationStepError, EscalationTakenError } from '../model/escalation.errors.js';
import type { Escalation } from '../model/escalation.js';
import { EscalationRepository } from '../store/escalation.repository.js';

export interface Reply {
  readonly content: string;
  /** Unique per supporter: makes a retry safe. */
  readonly clientMessageId: string | null;
}

/** What a supporter says, by REST or on a socket: only in a conversation that is theirs at the moment of the commit. */
@Injectable()
export class Replies {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly handover: HandoverService,
    private readonly news: HandoverNews,
    private readonly escalations: EscalationRepository,
  ) {}

  /** @throws EscalationNotFoundError, EscalationStepError, EscalationTakenError, ClientMessageConflictError */
  reply(ctx: RequestContext, escalationId: string, reply: Reply): Promise<MessageView> {
    return this.say(ctx, reply, null, (tx) => this.escalations.find(tx, escalationId));
  }

  /**
   * A supporter's `user_message`; the socket gets the `ack` and follows the conversation.
   * @returns null when the conversation has never called for a person, or is the supporter's own: it is a message as any other
   */
  async onSocket(
    ctx: RequestContext,
    conversationId: string,
    reply: Reply,
    socket: Subscriber,
  ): Promise<MessageView | null> {
    const isMeant = await this.uow.run(ctx, async (tx) => {
      if ((await this.handover.findOwn(tx, ctx, conversationId)) !== null) return false;
      return this.escalations.exists(tx, conversationId);
    });
    if (!isMeant) return null;
    return this.say(ctx, reply, socket, (tx) => this.escalations.latestOf(tx, conversationId));
  }

  private async say(
    ctx: RequestContext,
    { clientMessageId, content }: Reply,
    socket: Subscriber | null,
    find: (tx: TenantTx) => Promise<Escalation | null>,
  ): Promise<MessageView> {
    const { message, said } = await this.uow.run(ctx, async (tx) => {
      const { conversationId } = existing(await find(tx));
      await this.handover.lock(tx, conversationId);
      // Again, under the lock: whoever took it meanwhile has committed.
      const current = existing(await find(tx));
      const message = {
        ...{ conversationId, content, clientMessageId },
        principalId: ctx.principal.id,
        name: await this.escalations.nameOf(tx, ctx.principal.id),
      };
      const earlier = await this.handover.earlier(tx, message);
      if (earlier !== null) return { message, said: earlier };
      if (current.status !== 'assigned') throw new EscalationStepError(current.status);
      if (current.supporter?.id !== ctx.principal.id) throw new EscalationTakenError(current);
      const said = await this.handover.say(tx, message);
      if (said === null) throw new EscalationStepError('returned');
      await this.escalations.replied(tx, current.id);
      return { message, said };
    });
    return this.news.tellSaid(ctx, message, said, socket);
  }
}

function existing(escalation: Escalation | null): Escalation {
  if (escalation === null) throw new EscalationNotFoundError();
  return escalation;
}
