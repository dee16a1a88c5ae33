import { Injectable, type OnModuleInit } from '@nestjs/common';
import {
  type AnsweredTurn,
  type HandoverDecision,
  type PeopleBehind,
  PeopleRegistry,
  type PeopleState,
} from '#conversations';
import type { RequestContext, TenantScope } from '#platform/context';
import type { TenantTx } from '#platform/database';
import { isAllowed } from '#platform/http';
import { changedAt, stateFor } from '../queue/escalation.view.js';
import { OpeningHours } from '../queue/opening-hours.js';
import { QueueNews } from '../queue/queue-news.js';
import { EscalationRepository } from '../store/escalation.repository.js';
import { PresenceRepository } from '../store/presence.repository.js';
import { EscalationRequests, type Requested } from './escalation-requests.js';
import { EscalationService } from './escalation.service.js';

/** What `conversations` asks of the people who may answer in them. */
@Injectable()
export class PeopleBehindConversations implements PeopleBehind, OnModuleInit {
  constructor(
    private readonly registry: PeopleRegistry,
    private readonly escalations: EscalationRepository,
    private readonly presence: PresenceRepository,
    private readonly requests: EscalationRequests,
    private readonly service: EscalationService,
    private readonly hours: OpeningHours,
    private readonly news: QueueNews,
  ) {}

  onModuleInit(): void {
    this.registry.register(this);
  }

  async stateOf(tx: TenantTx, conversationId: string): Promise<PeopleState> {
    const escalation = await this.escalations.latestOf(tx, conversationId);
    if (escalation === null) return { supporter: null, escalation: null, changedAt: 0 };
    const workforce = await this.presence.workforce(tx, escalation.skill);
    return {
      supporter: escalation.status === 'assigned' ? escalation.supporter : null,
      escalation: stateFor(escalation, workforce),
      changedAt: changedAt(escalation),
    };
  }

  async mayFollow(tx: TenantTx, ctx: RequestContext, conversationId: string): Promise<boolean> {
    return isAllowed(ctx.principal, 'escalations.handle') && (await this.escalations.exists(tx, conversationId));
  }

  async consider({ answer, conversationId, ctx, turnId }: AnsweredTurn): Promise<HandoverDecision | null> {
    const { humanRequested } = answer;
    if (humanRequested === null) return null;
    const isOpen = await this.hours.areOpen(ctx);
    let requested: Requested | null = null;
    return {
      say: null,
      store: async (tx) => {
        const wish = { cause: 'requested' as const, reason: humanRequested.reason, language: answer.language, turnId };
        requested = await this.requests.open(tx, conversationId, wish, isOpen);
      },
      stored: async () => {
        if (requested !== null) await this.requests.told(ctx, requested);
      },
    };
  }

  async ended(tx: TenantTx, _ctx: RequestContext, conversationId: string): Promise<void> {
    await this.service.endedByUser(tx, conversationId);
  }

  async deleted(scope: TenantScope): Promise<void> {
    await this.news.moved(scope);
  }
}
