import type { TenantTx, UnitOfWork } from '#platform/database';
import type { EventSubject, EventType } from './event-types.js';

/** An event that waits to be told. */
export interface WaitingEvent {
  readonly type: EventType;
  readonly subject: EventSubject;
  /** Ascends within a conversation. */
  readonly position: number;
  readonly createdAt: Date;
}

interface Row {
  readonly id: string;
  readonly type: EventType;
  readonly payload: EventSubject;
  readonly position: number;
  readonly created_at: Date;
}

/**
 * Publishes an event in the transaction of the fact. Written down only for a tenant that has an enabled webhook for it, so it
 * may be called wherever such a thing happens. Conversations, messages, turns, documents and feedback publish theirs by
 * triggers of their tables (see the migration): nobody else has to.
 */
export async function publishEvent(tx: TenantTx, type: EventType, subject: EventSubject): Promise<void> {
  await tx.execute('SELECT app.publish($1, $2, NULL, $3::jsonb)', [tx.tenantId, type, JSON.stringify(subject)]);
}

/** Who has events that nobody took yet. */
export async function tenantsWithEvents(work: UnitOfWork, most: number): Promise<string[]> {
  const rows = await work.lookup<{ tenant_id: string }>('SELECT tenant_id FROM app.tenants_with_events($1)', [most]);
  return rows.map((row) => row.tenant_id);
}

/**
 * Takes the oldest events out, for good once the transaction is committed. Whoever comes second waits for the first and
 * gets what follows: events are taken in order, however many instances take them.
 */
export async function takeEvents(tx: TenantTx, most: number): Promise<WaitingEvent[]> {
  const rows = await tx.query<Row>(
    `WITH due AS (
       SELECT tenant_id, id FROM app.outbox WHERE tenant_id = $1 AND outside ORDER BY position, id LIMIT $2 FOR UPDATE
     )
     DELETE FROM app.outbox o USING due WHERE o.tenant_id = due.tenant_id AND o.id = due.id
     RETURNING o.id, o.type, o.payload, o.position, o.created_at`,
    [tx.tenantId, most],
  );
  return rows
    .sort((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1))
    .map(({ created_at: createdAt, payload: subject, position, type }) => ({ type, subject, position, createdAt }));
}
