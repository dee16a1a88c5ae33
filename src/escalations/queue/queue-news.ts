import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HandoverNews } from '#conversations';
import type { TenantScope } from '#platform/context';
import { EventBus } from '#platform/events';
import { z } from 'zod';
import { EscalationChanged, EscalationOpened, QueueMoved } from '../model/escalation.events.js';
import { ESCALATION_STATUSES } from '../model/escalation.js';

const changed = z
  .object({
    tenantId: z.guid(),
    escalationId: z.guid(),
    conversationId: z.guid(),
    status: z.enum(ESCALATION_STATUSES),
  })
  .transform((of) => new EscalationChanged(of.tenantId, of.escalationId, of.conversationId, of.status));
const moved = z.object({ tenantId: z.guid() }).transform(({ tenantId }) => new QueueMoved(tenantId));

/** Says on every instance that a tenant's queue is another one; those who wait are told their place. */
@Injectable()
export class QueueNews implements OnModuleInit {
  constructor(
    private readonly events: EventBus,
    private readonly handover: HandoverNews,
  ) {}

  onModuleInit(): void {
    this.events.share(EscalationChanged, { name: 'escalation.changed', schema: changed });
    this.events.share(QueueMoved, { name: 'escalation.queue_moved', schema: moved });
    this.events.on(EscalationChanged, (event) => this.handover.queueMoved(event));
    this.events.on(QueueMoved, (event) => this.handover.queueMoved(event));
  }

  async changed(event: EscalationChanged): Promise<void> {
    await this.events.publish(event);
  }

  async opened(event: EscalationOpened): Promise<void> {
    await this.events.publish(event);
  }

  async moved({ tenantId }: TenantScope): Promise<void> {
    await this.events.publish(new QueueMoved(tenantId));
  }
}
