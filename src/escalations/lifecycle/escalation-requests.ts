import { AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { ConversationClosedError, ConversationNotFoundError, HandoverNews, HandoverService } from '#conversations';
import type { RequestContext, TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { OpeningHours } from '../queue/opening-hours.js';
import { QueueNews } from '../queue/queue-news.js';
import { TooManyOpenError } from '../model/escalation.errors.js';
import { EscalationChanged, EscalationOpened } from '../model/escalation.events.js';
import type { Escalation, EscalationCause } from '../model/escalation.js';
import { summaryOf } from '../model/summary.js';
import { EscalationRepository } from '../store/escalation.repository.js';
import { PresenceRepository } from '../store/presence.repository.js';

export interface EscalationWish {
  readonly cause: EscalationCause;
  readonly reason: string;
  readonly skill?: string | null;
  readonly language?: string | null;
  /** Where to write to, when nobody is there. */
  readonly email?: string | null;
  readonly turnId?: string | null;
}

export interface Requested {
  readonly escalation: Escalation;
  /** False: it was open already, as it is. */
  readonly isNews: boolean;
  /** The team has not been told of it, or not where to write to. */
  readonly isUntold: boolean;
}

/** Of one user, in conversations of their own: a queue is for many. */
const MOST_OPEN = 20;
/** What a packet is made from. */
const SUMMARISED = 30;

/** How an escalation comes to be: by its user, by staff, or in the commit of an answer. An open one is not opened again. */
@Injectable()
export class EscalationRequests {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly handover: HandoverService,
    private readonly handoverNews: HandoverNews,
    private readonly escalations: EscalationRepository,
    private readonly presence: PresenceRepository,
    private readonly hours: OpeningHours,
    private readonly news: QueueNews,
    private readonly audit: AuditService,
  ) {}

  /**
   * By the conversation's user.
   * @param answers a reader that is answered directly
   * @param asStaff anybody's conversation: the caller may read all of them
   * @throws ConversationNotFoundError, ConversationClosedError, TooManyOpenError
   */
  async request(
    ctx: RequestContext,
    conversationId: string,
    wish: EscalationWish,
    { answers, asStaff = false }: { readonly answers?: string; readonly asStaff?: boolean } = {},
  ): Promise<Escalation> {
    const isOpen = await this.hours.areOpen(ctx);
    const requested = await this.uow.run(ctx, async (tx) => {
      if (!asStaff && (await this.handover.findOwn(tx, ctx, conversationId)) === null)
        throw new ConversationNotFoundError();
      const locked = await this.handover.lock(tx, conversationId);
      if (locked === null) throw new ConversationNotFoundError();
      if (locked.status === 'ended') throw new ConversationClosedError();
      const requested = await this.open(tx, conversationId, wish, isOpen);
      if (asStaff) await this.recordStepIn(tx, ctx, requested.escalation);
      else if (requested.isUntold && (await this.escalations.openOfUser(tx, locked.user_id)) > MOST_OPEN)
        throw new TooManyOpenError();
      return requested;
    });
    await this.told(ctx, requested, answers);
    return requested.escalation;
  }

  /** Who steps in reads what was said. */
  private async recordStepIn(tx: TenantTx, ctx: RequestContext, { conversationId, id }: Escalation): Promise<void> {
    await this.audit.record(tx, ctx, {
      action: 'escalation.step_in',
      targetType: 'escalation',
      targetId: id,
      details: { conversationId },
    });
  }

  /** Under the conversation's lock. @param isOpen whether the tenant's hours say that people are there */
  async open(tx: TenantTx, conversationId: string, wish: EscalationWish, isOpen: boolean): Promise<Requested> {
    const { cause, email = null, language = null, reason, skill = null, turnId = null } = wish;
    const open = await this.escalations.openOf(tx, conversationId);
    if (open !== null) {
      if (email === null || email === open.email) return { escalation: open, isNews: false, isUntold: false };
      await this.escalations.setEmail(tx, open.id, email);
      // One letter for the first address: another one may be changed as often as somebody likes.
      return { escalation: await this.stored(tx, open.id), isNews: true, isUntold: open.email === null };
    }
    const messages = await this.handover.latest(tx, conversationId, SUMMARISED);
    const { online } = await this.presence.workforce(tx, skill);
    const id = await this.escalations.insert(tx, {
      ...{ conversationId, cause, reason, skill, email, turnId },
      language: language ?? languageOf(messages),
      contactForm: !isOpen || online === 0,
      summary: summaryOf(messages),
    });
    return { escalation: await this.stored(tx, id), isNews: true, isUntold: true };
  }

  /** After the commit. */
  async told(scope: TenantScope, { escalation, isNews, isUntold }: Requested, except?: string): Promise<void> {
    const { conversationId, id, status } = escalation;
    if (!isNews) return;
    await this.handoverNews.told(scope, { conversationId, handedOff: null, seq: 0 }, except);
    await this.news.changed(new EscalationChanged(scope.tenantId, id, conversationId, status));
    if (isUntold) await this.news.opened(new EscalationOpened(scope.tenantId, id));
  }

  private async stored(tx: TenantTx, id: string): Promise<Escalation> {
    const stored = await this.escalations.find(tx, id);
    if (stored === null) throw new Error('An escalation that was just written is gone');
    return stored;
  }
}

/** Of the last answer: what the user writes in. */
function languageOf(messages: readonly { readonly metadata: Readonly<Record<string, unknown>> }[]): string | null {
  const said = messages
    .map(({ metadata }) => metadata['language'])
    .findLast((language) => typeof language === 'string');
  return typeof said === 'string' ? said : null;
}
