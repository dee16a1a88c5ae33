import type { RequestContext, TenantScope } from '#platform/context';
import { newId, type TenantTx, UnitOfWork } from '#platform/database';
import { ConflictError, NotFoundError } from '#platform/errors';
import { AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import type { Webhook } from '../webhooks/webhook.js';
import { WebhookRepository } from '../webhooks/webhook.repository.js';
import { type Delivery, type DeliveryStatus, eventBody } from './delivery.js';
import { DeliveryAttempts, LEASE_MS } from './delivery-attempts.js';
import { DeliveryRepository } from './delivery.repository.js';

const TEST_TYPE = 'webhook.test';

/** What was sent to a webhook, as its admins see it, and what they send themselves. */
@Injectable()
export class DeliveryService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly webhooks: WebhookRepository,
    private readonly deliveries: DeliveryRepository,
    private readonly attempts: DeliveryAttempts,
    private readonly audit: AuditService,
  ) {}

  /** Newest first. @throws NotFoundError when there is no such webhook */
  async list(
    scope: TenantScope,
    webhookId: string,
    page: { readonly before: string | null; readonly limit: number; readonly status: DeliveryStatus | null },
  ): Promise<Delivery[]> {
    await this.unitOfWork.run(scope, (tx) => this.webhook(tx, webhookId));
    return this.deliveries.list(scope, webhookId, page);
  }

  /** @throws NotFoundError */
  get(scope: TenantScope, webhookId: string, id: string): Promise<Delivery> {
    return this.unitOfWork.run(scope, (tx) => this.delivery(tx, webhookId, id));
  }

  /** Sends the same event once more, with tries of its own. @throws NotFoundError; ConflictError while it is under way, or the webhook disabled */
  redeliver(ctx: RequestContext, webhookId: string, id: string): Promise<Delivery> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const webhook = await this.webhook(tx, webhookId);
      const delivery = await this.delivery(tx, webhookId, id);
      if (!webhook.enabled) throw new ConflictError('This webhook is disabled: enable it first');
      const again = newId();
      if (!(await this.deliveries.insertAgain(tx, delivery, again)))
        throw new ConflictError('This delivery is still on its way: wait until it is delivered or given up');
      const entry = { action: 'webhook.redeliver', targetType: 'webhook', targetId: webhookId };
      await this.audit.record(tx, ctx, { ...entry, details: { delivery_id: id, event_id: delivery.event_id } });
      return this.delivery(tx, webhookId, again);
    });
  }

  /** Sends an event of no consequence now, once, also to a webhook that is disabled. @throws NotFoundError */
  async test(ctx: RequestContext, webhookId: string): Promise<Delivery> {
    const id = newId();
    await this.unitOfWork.run(ctx, async (tx) => {
      await this.webhook(tx, webhookId);
      const eventId = newId();
      const data = { webhook_id: webhookId, message: 'This is a test: nothing happened.' };
      const body = eventBody({ id: eventId, type: TEST_TYPE, createdAt: new Date(), tenantId: ctx.tenantId, data });
      const test = { id, webhookId, kind: 'test', eventId, type: TEST_TYPE, body, subject: {}, position: 0 } as const;
      await this.deliveries.insert(tx, test, LEASE_MS);
      await this.audit.record(tx, ctx, { action: 'webhook.test', targetType: 'webhook', targetId: webhookId });
    });
    await this.attempts.attempt(ctx, id, new AbortController().signal);
    return this.get(ctx, webhookId, id);
  }

  private async webhook(tx: TenantTx, id: string): Promise<Webhook> {
    const webhook = await this.webhooks.find(tx, id);
    if (webhook === null) throw new NotFoundError();
    return webhook;
  }

  private async delivery(tx: TenantTx, webhookId: string, id: string): Promise<Delivery> {
    const delivery = await this.deliveries.find(tx, webhookId, id);
    if (delivery === null) throw new NotFoundError();
    return delivery;
  }
}
