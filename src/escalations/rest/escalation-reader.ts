import { Injectable } from '@nestjs/common';
import type { TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import type { Escalation } from '../model/escalation.js';
import type { Workforce } from '../model/presence.js';
import { type EscalationFilter, EscalationRepository } from '../store/escalation.repository.js';
import { PresenceRepository } from '../store/presence.repository.js';

/** What lists show: escalations, and who is there to take them. */
@Injectable()
export class EscalationReader {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly escalations: EscalationRepository,
    private readonly presence: PresenceRepository,
  ) {}

  /** Newest first. */
  page(
    scope: TenantScope,
    filter: EscalationFilter,
    page: { readonly before: string | null; readonly limit: number },
  ): Promise<{ rows: Escalation[]; workforce: Workforce }> {
    return this.uow.run(scope, async (tx) => ({
      rows: await this.escalations.page(tx, filter, page),
      workforce: await this.presence.workforce(tx, null),
    }));
  }

  /** Those that wait, the first in line first. */
  queue(
    scope: TenantScope,
    page: { readonly after: { readonly at: string; readonly id: string } | null; readonly limit: number },
  ): Promise<{ rows: Escalation[]; workforce: Workforce }> {
    return this.uow.run(scope, async (tx) => ({
      rows: await this.escalations.queue(tx, page),
      workforce: await this.presence.workforce(tx, null),
    }));
  }

  /** The last one of a conversation, for an answer that names it. */
  latestOf(
    scope: TenantScope,
    conversationId: string,
  ): Promise<{ escalation: Escalation; workforce: Workforce } | null> {
    return this.uow.run(scope, async (tx) => {
      const escalation = await this.escalations.latestOf(tx, conversationId);
      if (escalation === null) return null;
      return { escalation, workforce: await this.presence.workforce(tx, escalation.skill) };
    });
  }

  workforce(scope: TenantScope, { skill }: Pick<Escalation, 'skill'>): Promise<Workforce> {
    return this.uow.run(scope, (tx) => this.presence.workforce(tx, skill));
  }
}
