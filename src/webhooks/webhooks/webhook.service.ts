import type { RequestContext, TenantScope } from '#platform/context';
import { newId, type TenantTx, UnitOfWork } from '#platform/database';
import { ConflictError, InvalidInputError, NotFoundError } from '#platform/errors';
import { OutboundClient, OutboundError, TenantAllowList } from '#platform/outbound';
import type { SecretString } from '#platform/secrets';
import { type AuditActor, AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { OpenDeliveries } from './open-deliveries.js';
import { MOST_WEBHOOKS, type Webhook, type WebhookDraft } from './webhook.js';
import { WebhookSecrets } from './webhook-secrets.js';
import { WebhookRepository } from './webhook.repository.js';

export interface WebhookWithSecret {
  readonly webhook: Webhook;
  readonly secret: SecretString;
}

/** The tenant's webhooks as its admins manage them. */
@Injectable()
export class WebhookService {
  constructor(
    private readonly webhooks: WebhookRepository,
    private readonly open: OpenDeliveries,
    private readonly secrets: WebhookSecrets,
    private readonly outbound: OutboundClient,
    private readonly allowList: TenantAllowList,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
  ) {}

  /** Newest first. @param before id of the last one of the previous page */
  list(scope: TenantScope, before: string | null, limit: number): Promise<Webhook[]> {
    return this.webhooks.list(scope, before, limit);
  }

  /** @throws NotFoundError */
  get(scope: TenantScope, id: string): Promise<Webhook> {
    return this.unitOfWork.run(scope, (tx) => this.existing(tx, id));
  }

  /** @throws InvalidInputError when the address may not be called; ConflictError when there are too many */
  async create(ctx: RequestContext, draft: WebhookDraft): Promise<WebhookWithSecret> {
    this.assertReachable(ctx, draft.url);
    const id = newId();
    const secret = this.secrets.make();
    const row = { ...draft, id, ...this.secrets.seal(ctx, id, secret) };
    const webhook = await this.unitOfWork.run(ctx, async (tx) => {
      if ((await this.webhooks.count(tx)) >= MOST_WEBHOOKS)
        throw new ConflictError(
          `A tenant has at most ${MOST_WEBHOOKS} webhooks: delete one, or let one take more events`,
        );
      const stored = await this.webhooks.insert(tx, row);
      await this.audit.recordChange(tx, ctx, 'webhook', { id, before: null, after: stored });
      return this.existing(tx, id);
    });
    return { webhook, secret };
  }

  /**
   * Enabling it begins anew: what it was disabled for is forgotten. Disabling ends what is on its way.
   * @param change what the locked webhook becomes; it may refuse (`If-Match`)
   * @throws NotFoundError, InvalidInputError
   */
  update(ctx: RequestContext, id: string, change: (current: Webhook) => WebhookDraft): Promise<Webhook> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const current = await this.existing(tx, id, 'for update');
      const next = change(current);
      if (next.url !== current.url) this.assertReachable(ctx, next.url);
      await this.webhooks.update(tx, id, { ...next, ...switched(current, next) });
      if (current.enabled && !next.enabled) await this.open.giveUp(tx, id, 'The webhook was disabled.');
      const stored = await this.existing(tx, id);
      await this.audit.recordChange(tx, ctx, 'webhook', { id, before: current, after: stored });
      return stored;
    });
  }

  /** The earlier secret signs beside the new one for a day. @throws NotFoundError */
  async rotateSecret(ctx: RequestContext, id: string): Promise<WebhookWithSecret> {
    const secret = this.secrets.make();
    const webhook = await this.unitOfWork.run(ctx, async (tx) => {
      await this.existing(tx, id, 'for update');
      const held = await this.webhooks.findSealed(tx, id);
      await this.webhooks.update(tx, id, this.secrets.seal(ctx, id, secret, held?.sealed));
      await this.audit.record(tx, ctx, { action: 'webhook.rotate_secret', targetType: 'webhook', targetId: id });
      return this.existing(tx, id);
    });
    return { webhook, secret };
  }

  /** With what is on its way, and the record of what was sent. @throws NotFoundError */
  async delete(ctx: RequestContext, id: string): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const current = await this.existing(tx, id, 'for update');
      await this.webhooks.delete(tx, id);
      await this.audit.recordChange(tx, ctx, 'webhook', { id, before: current, after: null });
    });
  }

  /** Disables it because it does not work. Does nothing when it is disabled already. */
  async disable(tx: TenantTx, actor: AuditActor, id: string, reason: string): Promise<void> {
    const current = await this.webhooks.find(tx, id, 'for update');
    if (current === null || !current.enabled) return;
    await this.webhooks.update(tx, id, { enabled: false, disabledAt: new Date(), disabledReason: reason });
    await this.open.giveUp(tx, id, `The webhook was disabled: ${reason}`);
    const entry = { action: 'webhook.disable', targetType: 'webhook', targetId: id, details: { reason } };
    await this.audit.record(tx, actor, entry);
  }

  private async existing(tx: TenantTx, id: string, lock?: 'for update'): Promise<Webhook> {
    const webhook = await this.webhooks.find(tx, id, lock);
    if (webhook === null) throw new NotFoundError();
    return webhook;
  }

  private assertReachable(scope: TenantScope, url: string): void {
    try {
      this.outbound.checkUrl(url, this.allowList.for(scope.tenantId));
    } catch (error) {
      if (error instanceof OutboundError) throw new InvalidInputError(`url: ${error.message}`, { field: 'url' });
      throw error;
    }
  }
}

function switched(current: Webhook, next: WebhookDraft): Partial<Webhook> {
  if (current.enabled === next.enabled) return {};
  return { failingSince: null, disabledReason: null, disabledAt: next.enabled ? null : new Date() };
}
