import type { TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import type { Delivery, DeliveryStatus, NewDelivery } from './delivery.js';

/** A try that has begun. Whoever ends it names its number: a try that somebody else has begun since is not this one's to end. */
export interface BegunAttempt {
  readonly id: string;
  readonly webhook_id: string;
  readonly kind: Delivery['kind'];
  readonly event_id: string;
  readonly body: string;
  readonly attempt: number;
}

/** What became of a try. */
export interface AttemptRecord {
  readonly status: 'pending' | 'delivered' | 'failed';
  /** Of `pending`. */
  readonly waitMs: number | null;
  readonly responseStatus: number | null;
  readonly responseText: string | null;
  readonly error: string | null;
  readonly durationMs: number;
}

export interface ClaimedDelivery {
  readonly tenant_id: string;
  readonly webhook_id: string;
  readonly delivery_id: string;
}

const SHOWN = `id, webhook_id, kind, event_id, type, conversation_id, status, attempt, next_attempt_at, last_attempt_at,
  response_status, response_text, error, duration_ms, created_at, ended_at`;

@Injectable()
export class DeliveryRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Newest first. */
  list(
    scope: TenantScope,
    webhookId: string,
    page: { readonly before: string | null; readonly limit: number; readonly status: DeliveryStatus | null },
  ): Promise<Delivery[]> {
    return this.unitOfWork.query<Delivery>(
      scope,
      `SELECT ${SHOWN} FROM app.webhook_delivery
        WHERE tenant_id = $1 AND webhook_id = $2 AND ($3::uuid IS NULL OR id < $3) AND ($4::text IS NULL OR status = $4)
        ORDER BY id DESC LIMIT $5`,
      [scope.tenantId, webhookId, page.before, page.status, page.limit],
    );
  }

  find(tx: TenantTx, webhookId: string, id: string): Promise<Delivery | null> {
    const sql = `SELECT ${SHOWN} FROM app.webhook_delivery WHERE tenant_id = $1 AND webhook_id = $2 AND id = $3`;
    return tx.one<Delivery>(sql, [tx.tenantId, webhookId, id]);
  }

  /**
   * Writes it down, to be tried at once; an event whose conversation has an earlier one on its way to the same webhook is
   * held. The last of those is locked first: it cannot end without seeing this one.
   * @param leaseMs whoever writes it down tries it too, and nobody else meanwhile
   */
  async insert(tx: TenantTx, delivery: NewDelivery, leaseMs = 0): Promise<void> {
    const conversationId = delivery.subject.conversation_id ?? null;
    const isHeld = delivery.kind === 'event' && (await this.hasEarlier(tx, delivery.webhookId, conversationId));
    await tx.execute(
      `INSERT INTO app.webhook_delivery
         (tenant_id, id, webhook_id, kind, event_id, type, body, conversation_id, document_id, position, status, next_attempt_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
               CASE WHEN $11 = 'pending' THEN clock_timestamp() + make_interval(secs => $12::float8 / 1000) END)`,
      [
        tx.tenantId,
        delivery.id,
        delivery.webhookId,
        delivery.kind,
        delivery.eventId,
        delivery.type,
        delivery.body,
        conversationId,
        delivery.subject.document_id ?? null,
        delivery.position,
        isHeld ? 'held' : 'pending',
        leaseMs,
      ],
    );
  }

  /** Once more, with the same id and body; @param id of the new one. @returns false when the delivery is not over */
  async insertAgain(tx: TenantTx, delivery: Delivery, id: string): Promise<boolean> {
    const count = await tx.execute(
      `INSERT INTO app.webhook_delivery
         (tenant_id, id, webhook_id, kind, event_id, type, body, conversation_id, document_id, position, status, next_attempt_at)
       SELECT tenant_id, $3, webhook_id, 'redelivery', event_id, type, body, conversation_id, document_id, position, 'pending',
              clock_timestamp()
         FROM app.webhook_delivery WHERE tenant_id = $1 AND id = $2 AND ended_at IS NOT NULL`,
      [tx.tenantId, delivery.id, id],
    );
    return count === 1;
  }

  /** Deliveries whose time has come: nobody else gets them while the lease lasts. @param busy webhooks to leave alone */
  claim(claim: {
    readonly most: number;
    readonly ofEach: number;
    readonly leaseMs: number;
    readonly busy: readonly string[];
  }): Promise<ClaimedDelivery[]> {
    return this.unitOfWork.lookup<ClaimedDelivery>(
      'SELECT tenant_id, webhook_id, delivery_id FROM app.claim_deliveries($1, $2, $3, $4)',
      [claim.most, claim.ofEach, Math.ceil(claim.leaseMs / 1000), claim.busy],
    );
  }

  /** @returns null when there is nothing to try any more */
  begin(tx: TenantTx, id: string): Promise<BegunAttempt | null> {
    return tx.one<BegunAttempt>(
      `UPDATE app.webhook_delivery SET attempt = attempt + 1, last_attempt_at = clock_timestamp()
        WHERE tenant_id = $1 AND id = $2 AND status = 'pending'
        RETURNING id, webhook_id, kind, event_id, body, attempt`,
      [tx.tenantId, id],
    );
  }

  /** @returns false when somebody else has begun another try since: nothing was written */
  async end(tx: TenantTx, { attempt, id }: BegunAttempt, record: AttemptRecord): Promise<boolean> {
    const ended = await tx.one<{ webhook_id: string; conversation_id: string | null; kind: Delivery['kind'] }>(
      `UPDATE app.webhook_delivery
          SET status = $4, response_status = $6, response_text = $7, error = $8, duration_ms = $9,
              next_attempt_at = CASE WHEN $4 = 'pending' THEN clock_timestamp() + make_interval(secs => $5::float8 / 1000) END,
              ended_at = CASE WHEN $4 = 'pending' THEN NULL ELSE clock_timestamp() END
        WHERE tenant_id = $1 AND id = $2 AND status = 'pending' AND attempt = $3
        RETURNING webhook_id, conversation_id, kind`,
      [
        tx.tenantId,
        id,
        attempt,
        record.status,
        record.waitMs ?? 0,
        record.responseStatus,
        record.responseText,
        record.error,
        record.durationMs,
      ],
    );
    if (ended === null) return false;
    if (record.status !== 'pending' && ended.kind === 'event' && ended.conversation_id !== null)
      await this.letGoNext(tx, ended.webhook_id, ended.conversation_id);
    return true;
  }

  /** Gives a try back that was cut short: it was none. */
  async release(scope: TenantScope, { attempt, id }: BegunAttempt): Promise<void> {
    await this.unitOfWork.query(
      scope,
      `UPDATE app.webhook_delivery SET attempt = attempt - 1, next_attempt_at = clock_timestamp()
        WHERE tenant_id = $1 AND id = $2 AND status = 'pending' AND attempt = $3`,
      [scope.tenantId, id, attempt],
    );
  }

  private async hasEarlier(tx: TenantTx, webhookId: string, conversationId: string | null): Promise<boolean> {
    if (conversationId === null) return false;
    const rows = await tx.query(
      `SELECT 1 FROM app.webhook_delivery
        WHERE tenant_id = $1 AND webhook_id = $2 AND conversation_id = $3 AND kind = 'event' AND status IN ('held', 'pending')
        ORDER BY position DESC, id DESC LIMIT 1 FOR UPDATE`,
      [tx.tenantId, webhookId, conversationId],
    );
    return rows.length > 0;
  }

  private async letGoNext(tx: TenantTx, webhookId: string, conversationId: string): Promise<void> {
    await tx.execute(
      `UPDATE app.webhook_delivery SET status = 'pending', next_attempt_at = clock_timestamp()
        WHERE tenant_id = $1 AND id = (
          SELECT id FROM app.webhook_delivery
           WHERE tenant_id = $1 AND webhook_id = $2 AND conversation_id = $3 AND kind = 'event' AND status IN ('held', 'pending')
           ORDER BY position, id LIMIT 1)
          AND status = 'held'`,
      [tx.tenantId, webhookId, conversationId],
    );
  }
}
