import { isPassing, newId, type TenantTx, UnitOfWork } from '#platform/database';
import { asError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { EventReaders, takeEvents, tenantsWithEvents, type WaitingEvent } from '#platform/outbox';
import { Features } from '#tenants';
import { Inject, Injectable } from '@nestjs/common';
import type { Webhook } from '../webhooks/webhook.js';
import { WebhookRepository } from '../webhooks/webhook.repository.js';
import { eventBody } from './delivery.js';
import { DeliveryRepository } from './delivery.repository.js';

const TENANTS_AT_ONCE = 20;
/** Few: what an event is about is held against deletion until the transaction ends. */
const EVENTS_AT_ONCE = 25;

/** Makes deliveries of events: taken out of the outbox and written down for each webhook in one commit. */
@Injectable()
export class EventFanOut {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly readers: EventReaders,
    private readonly webhooks: WebhookRepository,
    private readonly deliveries: DeliveryRepository,
    private readonly features: Features,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @returns how many events were taken */
  async run(isStopped: () => boolean): Promise<number> {
    let taken = 0;
    for (const tenantId of await tenantsWithEvents(this.unitOfWork, TENANTS_AT_ONCE)) {
      if (isStopped()) return taken;
      // One batch each, and one tenant's fault is its own: the others' turn comes.
      try {
        taken += await this.ofTenant(tenantId);
      } catch (error) {
        if (isPassing(error)) throw error;
        this.logger.error({ err: asError(error), tenant: tenantId }, 'events of a tenant could not be handed on');
      }
    }
    return taken;
  }

  private async ofTenant(tenantId: string): Promise<number> {
    const hasFeature = await this.features.has({ tenantId }, 'webhooks');
    return this.unitOfWork.run({ tenantId }, async (tx) => {
      const events = await takeEvents(tx, EVENTS_AT_ONCE);
      const webhooks = events.length > 0 && hasFeature ? await this.webhooks.enabled(tx) : [];
      for (const event of events) await this.writeDown(tx, event, webhooks);
      return events.length;
    });
  }

  private async writeDown(tx: TenantTx, event: WaitingEvent, webhooks: readonly Webhook[]): Promise<void> {
    const { createdAt, position, subject, type } = event;
    const wanting = webhooks.filter(({ events }) => events.includes(type));
    const data = wanting.length === 0 ? null : await this.readers.read(tx, type, subject);
    if (data === null) return;
    const eventId = newId();
    const body = eventBody({ id: eventId, type, createdAt, tenantId: tx.tenantId, data });
    for (const { id: webhookId } of wanting)
      await this.deliveries.insert(tx, {
        id: newId(),
        webhookId,
        kind: 'event',
        eventId,
        type,
        body,
        subject,
        position,
      });
  }
}
