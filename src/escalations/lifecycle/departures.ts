import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { SessionRevoked } from '#auth';
import type { TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { EventBus } from '#platform/events';
import { LOGGER, type Logger } from '#platform/logging';
import { HANDLING_ROLES } from '../model/handlers.js';
import { EscalationRepository } from '../store/escalation.repository.js';
import { EscalationService } from './escalation.service.js';

/**
 * Conversations of a supporter who was disabled, deleted or given another role go back into the queue. At the news that all
 * sessions of somebody have ended, and again with every look at the queue, for news that were lost.
 */
@Injectable()
export class Departures implements OnModuleInit {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly escalations: EscalationRepository,
    private readonly service: EscalationService,
    private readonly events: EventBus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.events.on(SessionRevoked, async ({ sessionId, tenantId }) => {
      if (sessionId === null) await this.releaseDeparted({ tenantId });
    });
  }

  async releaseDeparted(scope: TenantScope): Promise<void> {
    const deserted = await this.uow.run(scope, (tx) => this.escalations.deserted(tx, HANDLING_ROLES));
    for (const escalation of deserted) {
      if (!(await this.service.release(scope, escalation))) continue;
      this.logger.info({ tenant: scope.tenantId, escalation }, 'a supporter has left: their conversation waits again');
    }
  }
}
