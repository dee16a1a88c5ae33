import { Injectable, type OnModuleInit } from '@nestjs/common';
import {
  type AnsweredTurn,
  type HandoverDecision,
  type PeopleBehind,
  PeopleRegistry,
  type PeopleState,
} from '#conversations';
import type { RequestContext, TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { isAllowed } from '#platform/http';
import { EscalationChanged } from '../model/escalation.events.js';
import { waitSeconds } from '../model/presence.js';
import { changedAt, stateFor } from '../queue/escalation.view.js';
import { OpeningHours } from '../queue/opening-hours.js';
import { QueueNews } from '../queue/queue-news.js';
import { judge, type Judgement } from '../rules/judge.js';
import { RulesService } from '../rules/rules.service.js';
import { standing } from '../rules/words.js';
import { EscalationRepository } from '../store/escalation.repository.js';
import { PresenceRepository } from '../store/presence.repository.js';
import { EscalationRequests, type Requested } from './escalation-requests.js';
import { EscalationService } from './escalation.service.js';

/** What `conversations` asks of the people who may answer in them. */
@Injectable()
export class PeopleBehindConversations implements PeopleBehind, OnModuleInit {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly registry: PeopleRegistry,
    private readonly escalations: EscalationRepository,
    private readonly presence: PresenceRepository,
    private readonly requests: EscalationRequests,
    private readonly service: EscalationService,
    private readonly rules: RulesService,
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

  async consider(turn: AnsweredTurn): Promise<HandoverDecision | null> {
    const { answer, content, conversationId, ctx, history, turnId } = turn;
    const judgement = judge(await this.rules.get(ctx), {
      content,
      history,
      answer: {
        intent: answer.humanRequested === null ? answer.intent : 'human_request',
        scores: answer.citations.map(({ score }) => score),
        failedParts: answer.failedParts ?? 0,
        calls: answer.personCalls ?? [],
      },
    });
    if (judgement === null) return null;
    const isOpen = await this.hours.areOpen(ctx);
    const { cause, reason, skill } = judgement;
    const { language } = answer;
    let requested: Requested | null = null;
    return {
      cause,
      say: await this.say(turn, judgement, isOpen),
      store: async (tx) => {
        requested = await this.requests.open(tx, conversationId, { cause, reason, skill, language, turnId }, isOpen);
      },
      stored: async () => {
        if (requested !== null) await this.requests.told(ctx, requested);
      },
    };
  }

  async ended(tx: TenantTx, ctx: RequestContext, conversationId: string): Promise<() => Promise<void>> {
    const closed = await this.service.endedByUser(tx, conversationId);
    return async () => {
      if (closed === null) return;
      await this.news.changed(new EscalationChanged(ctx.tenantId, closed.id, conversationId, 'closed'));
    };
  }

  async deleted(scope: TenantScope): Promise<void> {
    await this.news.moved(scope);
  }

  /** The place in line, as it will be once the answer is stored. */
  private async say(turn: AnsweredTurn, { cause, skill }: Judgement, isOpen: boolean): Promise<string> {
    const { open, workforce } = await this.uow.run(turn.ctx, async (tx) => ({
      open: await this.escalations.openOf(tx, turn.conversationId),
      workforce: await this.presence.workforce(tx, skill),
    }));
    const contactForm = open === null ? !isOpen || workforce.online === 0 : open.contactForm;
    const position = open === null ? workforce.waiting + 1 : open.position;
    return standing(turn.answer.language, {
      asked: cause === 'requested',
      contactForm,
      assigned: open?.status === 'assigned',
      position,
      etaSeconds: position === null ? null : waitSeconds(position, workforce),
    });
  }
}
