import { Injectable } from '@nestjs/common';
import { HandoverNews, HandoverService, type MessageView, type PeopleChange } from '#conversations';
import type { RequestContext, TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { AuditService, SYSTEM_ACTOR } from '#tenants';
import { EscalationChanged } from '../model/escalation.events.js';
import {
  AnotherOpenError,
  EscalationNotFoundError,
  EscalationStepError,
  EscalationTakenError,
  NotASupporterError,
} from '../model/escalation.errors.js';
import { type Escalation, isOpen } from '../model/escalation.js';
import { HANDLING_ROLES } from '../model/handlers.js';
import { QueueNews } from '../queue/queue-news.js';
import { EscalationRepository } from '../store/escalation.repository.js';
import { PresenceRepository } from '../store/presence.repository.js';

const NOTHING = { handedOff: null, seq: 0 } as const;
type Effects = Omit<PeopleChange, 'conversationId'>;

/** Shown with an escalation that is opened. */
const TRANSCRIPT = 200;

/**
 * The steps of an escalation, each in one transaction under its conversation's lock:
 *
 *   waiting ──accept, assign──▶ assigned ──resolve──▶ resolved     the agent answers again
 *      ▲  │                       │  │  └──close────▶ closed       the conversation has ended
 *      │  └──return-to-agent──▶ returned ◀──return-to-agent──┘
 *      └──transfer to a skill, release──┘                          reopen leads from all three back to assigned
 *
 * The conversation's owner is a person exactly while it is assigned. The statement that assigns decides who has it; whoever
 * comes second is told who was first.
 */
@Injectable()
export class EscalationService {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly handover: HandoverService,
    private readonly handoverNews: HandoverNews,
    private readonly escalations: EscalationRepository,
    private readonly presence: PresenceRepository,
    private readonly audit: AuditService,
    private readonly news: QueueNews,
  ) {}

  /** With what was said so far, oldest first. @throws EscalationNotFoundError */
  get(scope: TenantScope, id: string): Promise<{ escalation: Escalation; transcript: readonly MessageView[] }> {
    return this.uow.run(scope, async (tx) => {
      const escalation = await this.existing(tx, id);
      return { escalation, transcript: await this.handover.latest(tx, escalation.conversationId, TRANSCRIPT) };
    });
  }

  /** Again by who has it already changes nothing. @throws EscalationTakenError, EscalationStepError */
  accept(ctx: RequestContext, id: string): Promise<Escalation> {
    return this.step(ctx, id, 'accept', async (tx, current) => {
      const { id: supporterId } = ctx.principal;
      if (current.status === 'assigned' && current.supporter?.id === supporterId) return null;
      if (await this.escalations.assign(tx, id, supporterId, ['waiting'])) return this.toHuman(tx, current);
      throw current.status === 'assigned' ? new EscalationTakenError(current) : new EscalationStepError(current.status);
    });
  }

  /**
   * To anybody who may answer people, from the queue or from who has it: by themselves, or an admin.
   * @throws EscalationTakenError, NotASupporterError, EscalationStepError
   */
  assign(ctx: RequestContext, id: string, supporterId: string): Promise<Escalation> {
    return this.step(
      ctx,
      id,
      'assign',
      (tx, current) => {
        this.assertTheirs(ctx, current);
        return this.give(tx, current, supporterId);
      },
      { supporterId },
    );
  }

  /**
   * On to a colleague, or back into the queue for those with a skill; by who has it, or while it waits.
   * @throws EscalationTakenError, NotASupporterError, EscalationStepError
   */
  transfer(
    ctx: RequestContext,
    id: string,
    to: { readonly supporterId: string } | { readonly skill: string },
  ): Promise<Escalation> {
    return this.step(
      ctx,
      id,
      'transfer',
      async (tx, current) => {
        this.assertTheirs(ctx, current);
        if ('supporterId' in to) return this.give(tx, current, to.supporterId);
        if (!(await this.escalations.release(tx, id, to.skill))) throw new EscalationStepError(current.status);
        return this.toAgent(tx, current, null);
      },
      to,
    );
  }

  /** @param summary what the agent's next turn is to know */
  returnToAgent(ctx: RequestContext, id: string, summary: string | null): Promise<Escalation> {
    return this.step(ctx, id, 'return', async (tx, current) => {
      if (current.status === 'returned') return null;
      if (!isOpen(current)) throw new EscalationStepError(current.status);
      this.assertTheirs(ctx, current);
      await this.escalations.end(tx, id, 'returned');
      return this.toAgent(tx, current, summary);
    });
  }

  /** What was wanted is done; whatever the user says next is for the agent. */
  resolve(ctx: RequestContext, id: string): Promise<Escalation> {
    return this.step(ctx, id, 'resolve', async (tx, current) => {
      if (current.status === 'resolved') return null;
      if (!isOpen(current)) throw new EscalationStepError(current.status);
      this.assertTheirs(ctx, current);
      await this.escalations.end(tx, id, 'resolved');
      return this.toAgent(tx, current, null);
    });
  }

  /** The conversation ends with it. @throws AnotherOpenError */
  close(ctx: RequestContext, id: string): Promise<Escalation> {
    return this.step(ctx, id, 'close', async (tx, current) => {
      if (current.status === 'closed') return null;
      this.assertTheirs(ctx, current);
      // An earlier one must not end what somebody is answering by now.
      const open = await this.escalations.openOf(tx, current.conversationId);
      if (open !== null && open.id !== id) throw new AnotherOpenError();
      await this.escalations.end(tx, id, 'closed');
      await this.handover.setStatus(tx, current.conversationId, 'ended');
      return this.toAgent(tx, current, null);
    });
  }

  /** Taken up again, by whoever does so. @throws AnotherOpenError */
  reopen(ctx: RequestContext, id: string): Promise<Escalation> {
    return this.step(ctx, id, 'reopen', async (tx, current) => {
      const { id: supporterId } = ctx.principal;
      if (current.status === 'assigned' && current.supporter?.id === supporterId) return null;
      if (isOpen(current)) throw new EscalationStepError(current.status);
      await this.escalations.assign(tx, id, supporterId, ['returned', 'resolved', 'closed']);
      await this.handover.setStatus(tx, current.conversationId, 'active');
      return this.toHuman(tx, current);
    });
  }

  /** Its user has ended the conversation, in that transaction. */
  async endedByUser(tx: TenantTx, conversationId: string): Promise<Escalation | null> {
    const open = await this.escalations.openOf(tx, conversationId);
    if (open === null) return null;
    await this.escalations.end(tx, open.id, 'closed');
    if (open.status === 'assigned') await this.handover.toAgent(tx, conversationId, null);
    return open;
  }

  /** What somebody has who may answer people no more goes back into the queue, and to the agent meanwhile. */
  async release(scope: TenantScope, id: string): Promise<boolean> {
    const released = await this.uow.run(scope, async (tx) => {
      const current = await this.locked(tx, id);
      // Under the lock: somebody may have given it to a colleague meanwhile.
      const stays = current.supporter !== null && (await this.isHandling(tx, current.supporter.id));
      if (stays || !(await this.escalations.release(tx, id))) return null;
      const entry = { action: 'escalation.release', targetType: 'escalation', targetId: id };
      await this.audit.record(tx, SYSTEM_ACTOR, entry);
      return { current, effects: await this.toAgent(tx, current, null) };
    });
    if (released !== null) await this.told(scope, released.current, released.effects, 'waiting');
    return released !== null;
  }

  /** Gives a conversation that waits to somebody with room, unless it is somebody's meanwhile. @returns whether it did */
  async dispatch(scope: TenantScope, id: string, supporterId: string): Promise<boolean> {
    const given = await this.uow.run(scope, async (tx) => {
      const current = await this.locked(tx, id);
      // Other instances look at the same queue at the same moment, and saw the same room.
      if (!(await this.presence.holdWithRoom(tx, supporterId))) return null;
      if (!(await this.escalations.assign(tx, id, supporterId, ['waiting']))) return null;
      const details = { supporterId };
      await this.audit.record(tx, SYSTEM_ACTOR, {
        action: 'escalation.assign',
        targetType: 'escalation',
        targetId: id,
        details,
      });
      return { current, effects: await this.toHuman(tx, current) };
    });
    if (given !== null) await this.told(scope, given.current, given.effects, 'assigned');
    return given !== null;
  }

  /** Nobody came in time: the agent has it again. @returns whether it still waited */
  async giveUp(scope: TenantScope, id: string): Promise<boolean> {
    const ended = await this.uow.run(scope, async (tx) => {
      const current = await this.locked(tx, id);
      if (current.status !== 'waiting') return null;
      await this.escalations.end(tx, id, 'returned');
      return current;
    });
    if (ended !== null) await this.told(scope, ended, NOTHING, 'returned');
    return ended !== null;
  }

  /** Nobody came in time: it goes on waiting, and the user can leave an address meanwhile. */
  async askForAddress(scope: TenantScope, id: string): Promise<void> {
    const asked = await this.uow.run(scope, async (tx) => {
      const current = await this.locked(tx, id);
      return (await this.escalations.askForAddress(tx, id)) ? current : null;
    });
    if (asked !== null) await this.told(scope, asked, NOTHING, 'waiting');
  }

  /** One step: judged under the lock, audited, and told after the commit. @param work null: nothing was to be done */
  private async step(
    ctx: RequestContext,
    id: string,
    verb: string,
    work: (tx: TenantTx, current: Escalation) => Promise<Effects | null>,
    details: Readonly<Record<string, unknown>> = {},
  ): Promise<Escalation> {
    const { after, effects } = await this.uow.run(ctx, async (tx) => {
      const current = await this.locked(tx, id);
      const effects = await work(tx, current);
      if (effects === null) return { after: current, effects };
      await this.audit.record(tx, ctx, {
        action: `escalation.${verb}`,
        targetType: 'escalation',
        targetId: id,
        details,
      });
      return { after: await this.existing(tx, id), effects };
    });
    if (effects !== null) await this.told(ctx, after, effects, after.status);
    return after;
  }

  private async give(tx: TenantTx, current: Escalation, supporterId: string): Promise<Effects> {
    if (!isOpen(current)) throw new EscalationStepError(current.status);
    if (!(await this.isHandling(tx, supporterId))) throw new NotASupporterError();
    await this.escalations.assign(tx, current.id, supporterId, ['waiting', 'assigned']);
    // From one person to another: the agent had no part in it, and gets none.
    return current.status === 'assigned' ? NOTHING : this.toHuman(tx, current);
  }

  private isHandling(tx: TenantTx, supporterId: string): Promise<boolean> {
    return this.escalations.mayHandle(tx, supporterId, HANDLING_ROLES);
  }

  private async toHuman(tx: TenantTx, { conversationId }: Escalation): Promise<Effects> {
    return { handedOff: await this.handover.toHuman(tx, conversationId), seq: 0 };
  }

  /** While it waits the agent has it anyway. */
  private async toAgent(tx: TenantTx, current: Escalation, note: string | null): Promise<Effects> {
    if (current.status !== 'assigned' && note === null) return NOTHING;
    return { handedOff: null, seq: await this.handover.toAgent(tx, current.conversationId, note) };
  }

  /** What a colleague has is theirs to end; admins may. */
  private assertTheirs(ctx: RequestContext, current: Escalation): void {
    const { id, role } = ctx.principal;
    if (current.status !== 'assigned' || current.supporter?.id === id || role !== 'supporter') return;
    throw new EscalationTakenError(current);
  }

  private async told(
    scope: TenantScope,
    { conversationId, id }: Escalation,
    effects: Effects,
    status: Escalation['status'],
  ): Promise<void> {
    await this.handoverNews.told(scope, { conversationId, ...effects });
    await this.news.changed(new EscalationChanged(scope.tenantId, id, conversationId, status));
  }

  /** Read again under the lock: whoever had it before has committed. @throws EscalationNotFoundError */
  private async locked(tx: TenantTx, id: string): Promise<Escalation> {
    const { conversationId } = await this.existing(tx, id);
    await this.handover.lock(tx, conversationId);
    return this.existing(tx, id);
  }

  private async existing(tx: TenantTx, id: string): Promise<Escalation> {
    const found = await this.escalations.find(tx, id);
    if (found === null) throw new EscalationNotFoundError();
    return found;
  }
}
