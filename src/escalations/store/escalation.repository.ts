import { jsonToStore } from '#platform/text';
import { Injectable } from '@nestjs/common';
import { isUniqueViolation, newId, type TenantTx } from '#platform/database';
import { AnotherOpenError } from '../model/escalation.errors.js';
import type { Escalation, EscalationCause, EscalationStatus, EscalationSummary } from '../model/escalation.js';

export interface NewEscalation {
  readonly conversationId: string;
  readonly cause: EscalationCause;
  readonly reason: string;
  readonly skill: string | null;
  readonly language: string | null;
  readonly email: string | null;
  readonly contactForm: boolean;
  readonly summary: EscalationSummary;
  readonly turnId: string | null;
}

export interface EscalationFilter {
  readonly status?: EscalationStatus;
  readonly supporterId?: string;
  readonly conversationId?: string;
}

interface Row {
  readonly id: string;
  readonly conversation_id: string;
  readonly status: EscalationStatus;
  readonly cause: EscalationCause;
  readonly reason: string;
  readonly skill: string | null;
  readonly language: string | null;
  readonly email: string | null;
  readonly contact_form: boolean;
  readonly summary: EscalationSummary;
  readonly supporter_id: string | null;
  readonly supporter_name: string | null;
  readonly user_id: string;
  readonly user_name: string;
  readonly position: number | null;
  readonly waiting_since: Date;
  readonly assigned_at: Date | null;
  readonly first_reply_at: Date | null;
  readonly ended_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const SELECT = `SELECT e.id, e.conversation_id, e.status, e.cause, e.reason, e.skill, e.language, e.email, e.contact_form,
    e.summary, e.supporter_id, s.name AS supporter_name, c.principal_id AS user_id, u.name AS user_name, e.waiting_since,
    e.assigned_at, e.first_reply_at, e.ended_at, e.created_at, e.updated_at,
    CASE WHEN e.status = 'waiting' THEN (
      SELECT count(*)::int FROM app.escalation w WHERE w.tenant_id = $1 AND w.status = 'waiting'
        AND (w.waiting_since, w.id) <= (e.waiting_since, e.id)) END AS position
  FROM app.escalation e
  JOIN app.conversation c ON c.tenant_id = e.tenant_id AND c.id = e.conversation_id
  JOIN app.principal u ON u.tenant_id = c.tenant_id AND u.id = c.principal_id
  LEFT JOIN app.principal s ON s.tenant_id = e.tenant_id AND s.id = e.supporter_id`;

/**
 * The rows of escalations. Every change is made under the row lock of the conversation (`HandoverService.lock`), and says in its own
 * condition from where it may lead on: of two that come at once the second changes nothing.
 */
@Injectable()
export class EscalationRepository {
  async find(tx: TenantTx, id: string): Promise<Escalation | null> {
    const row = await tx.one<Row>(`${SELECT} WHERE e.tenant_id = $1 AND e.id = $2`, [tx.tenantId, id]);
    return row === null ? null : toEscalation(row);
  }

  /** The open one, or else the last one, of a conversation. */
  async latestOf(tx: TenantTx, conversationId: string): Promise<Escalation | null> {
    const row = await tx.one<Row>(
      `${SELECT} WHERE e.tenant_id = $1 AND e.conversation_id = $2
        ORDER BY (e.status IN ('waiting', 'assigned')) DESC, e.updated_at DESC, e.id DESC LIMIT 1`,
      [tx.tenantId, conversationId],
    );
    return row === null ? null : toEscalation(row);
  }

  async openOf(tx: TenantTx, conversationId: string): Promise<Escalation | null> {
    const row = await tx.one<Row>(
      `${SELECT} WHERE e.tenant_id = $1 AND e.conversation_id = $2 AND e.status IN ('waiting', 'assigned')`,
      [tx.tenantId, conversationId],
    );
    return row === null ? null : toEscalation(row);
  }

  /** How many conversations of a user wait for a person, or have one. */
  async openOfUser(tx: TenantTx, userId: string): Promise<number> {
    const row = await tx.one<{ count: number }>(
      `SELECT count(*)::int AS count FROM app.escalation e
         JOIN app.conversation c ON c.tenant_id = e.tenant_id AND c.id = e.conversation_id
        WHERE e.tenant_id = $1 AND e.status IN ('waiting', 'assigned') AND c.principal_id = $2`,
      [tx.tenantId, userId],
    );
    return row?.count ?? 0;
  }

  async exists(tx: TenantTx, conversationId: string): Promise<boolean> {
    const sql = 'SELECT 1 FROM app.escalation WHERE tenant_id = $1 AND conversation_id = $2 LIMIT 1';
    return (await tx.query(sql, [tx.tenantId, conversationId])).length > 0;
  }

  /** @returns its id */
  async insert(tx: TenantTx, escalation: NewEscalation): Promise<string> {
    const id = newId();
    await tx.execute(
      `INSERT INTO app.escalation (tenant_id, id, conversation_id, status, cause, reason, skill, language, email, contact_form,
                                   summary, turn_id, waiting_since)
       VALUES ($1, $2, $3, 'waiting', $4, $5, $6, $7, $8, $9, $10::jsonb, $11, date_trunc('milliseconds', clock_timestamp()))`,
      [
        tx.tenantId,
        id,
        escalation.conversationId,
        escalation.cause,
        escalation.reason,
        escalation.skill,
        escalation.language,
        escalation.email,
        escalation.contactForm,
        jsonToStore(escalation.summary),
        escalation.turnId,
      ],
    );
    return id;
  }

  /** @returns false when it does not wait, or asks already */
  async askForAddress(tx: TenantTx, id: string): Promise<boolean> {
    const changed = await tx.execute(
      `UPDATE app.escalation SET contact_form = true, updated_at = clock_timestamp()
        WHERE tenant_id = $1 AND id = $2 AND status = 'waiting' AND NOT contact_form`,
      [tx.tenantId, id],
    );
    return changed === 1;
  }

  /** The address that a user left. */
  async setEmail(tx: TenantTx, id: string, email: string): Promise<void> {
    await tx.execute(
      `UPDATE app.escalation SET email = $3, updated_at = clock_timestamp()
        WHERE tenant_id = $1 AND id = $2 AND status IN ('waiting', 'assigned')`,
      [tx.tenantId, id, email],
    );
  }

  /** One statement decides who has it. @returns false when it is in none of those states (any more) @throws AnotherOpenError */
  async assign(tx: TenantTx, id: string, supporterId: string, from: readonly EscalationStatus[]): Promise<boolean> {
    try {
      const changed = await tx.execute(
        `UPDATE app.escalation SET status = 'assigned', supporter_id = $3, ended_at = NULL,
                assigned_at = clock_timestamp(), updated_at = clock_timestamp()
          WHERE tenant_id = $1 AND id = $2 AND status = ANY ($4)`,
        [tx.tenantId, id, supporterId, from],
      );
      if (changed === 1) {
        await tx.execute(
          'UPDATE app.supporter_presence SET assigned_at = clock_timestamp() WHERE tenant_id = $1 AND principal_id = $2',
          [tx.tenantId, supporterId],
        );
      }
      return changed === 1;
    } catch (error) {
      if (isUniqueViolation(error)) throw new AnotherOpenError();
      throw error;
    }
  }

  /** Back into the queue, at its old place. @param skill of those who may take it; undefined: as it was */
  async release(tx: TenantTx, id: string, skill?: string): Promise<boolean> {
    const changed = await tx.execute(
      `UPDATE app.escalation SET status = 'waiting', supporter_id = NULL, skill = coalesce($3, skill),
              updated_at = clock_timestamp()
        WHERE tenant_id = $1 AND id = $2 AND status = 'assigned'`,
      [tx.tenantId, id, skill ?? null],
    );
    return changed === 1;
  }

  async end(tx: TenantTx, id: string, status: 'returned' | 'resolved' | 'closed'): Promise<boolean> {
    const changed = await tx.execute(
      `UPDATE app.escalation SET status = $3, ended_at = clock_timestamp(), updated_at = clock_timestamp()
        WHERE tenant_id = $1 AND id = $2 AND status <> $3`,
      [tx.tenantId, id, status],
    );
    return changed === 1;
  }

  async replied(tx: TenantTx, id: string): Promise<void> {
    await tx.execute(
      'UPDATE app.escalation SET first_reply_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND first_reply_at IS NULL',
      [tx.tenantId, id],
    );
  }

  /** Newest first. @param before the id of the last one of the page before */
  async page(
    tx: TenantTx,
    filter: EscalationFilter,
    page: { readonly before: string | null; readonly limit: number },
  ): Promise<Escalation[]> {
    const rows = await tx.query<Row>(
      `${SELECT} WHERE e.tenant_id = $1 AND ($2::uuid IS NULL OR e.id < $2) AND ($3::text IS NULL OR e.status = $3)
          AND ($4::uuid IS NULL OR e.supporter_id = $4) AND ($5::uuid IS NULL OR e.conversation_id = $5)
        ORDER BY e.id DESC LIMIT $6`,
      [
        tx.tenantId,
        page.before,
        filter.status ?? null,
        filter.supporterId ?? null,
        filter.conversationId ?? null,
        page.limit,
      ],
    );
    return rows.map(toEscalation);
  }

  /** Those that wait, the first in line first. @param after the last one of the page before */
  async queue(
    tx: TenantTx,
    page: { readonly after: { readonly at: string; readonly id: string } | null; readonly limit: number },
  ): Promise<Escalation[]> {
    const rows = await tx.query<Row>(
      `${SELECT} WHERE e.tenant_id = $1 AND e.status = 'waiting'
          AND ($2::timestamptz IS NULL OR (e.waiting_since, e.id) > ($2::timestamptz, $3::uuid))
        ORDER BY e.waiting_since, e.id LIMIT $4`,
      [tx.tenantId, page.after?.at ?? null, page.after?.id ?? null, page.limit],
    );
    return rows.map(toEscalation);
  }

  /** Those that a supporter has, oldest first. */
  async assignedTo(tx: TenantTx, supporterId: string): Promise<Escalation[]> {
    const rows = await tx.query<Row>(
      `${SELECT} WHERE e.tenant_id = $1 AND e.status = 'assigned' AND e.supporter_id = $2 ORDER BY e.id`,
      [tx.tenantId, supporterId],
    );
    return rows.map(toEscalation);
  }

  /** Those whose supporter may answer people no more: disabled, deleted, or in another role. */
  async deserted(tx: TenantTx, handling: readonly string[]): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(
      `SELECT e.id FROM app.escalation e
         LEFT JOIN app.principal p ON p.tenant_id = e.tenant_id AND p.id = e.supporter_id
        WHERE e.tenant_id = $1 AND e.status = 'assigned' AND (p.id IS NULL OR p.disabled_at IS NOT NULL
          OR p.deleted_at IS NOT NULL OR p.role <> ALL ($2))`,
      [tx.tenantId, handling],
    );
    return rows.map(({ id }) => id);
  }

  /** Whether somebody may answer people. */
  async mayHandle(tx: TenantTx, principalId: string, handling: readonly string[]): Promise<boolean> {
    const rows = await tx.query(
      `SELECT 1 FROM app.principal WHERE tenant_id = $1 AND id = $2 AND disabled_at IS NULL AND deleted_at IS NULL
          AND role = ANY ($3)`,
      [tx.tenantId, principalId, handling],
    );
    return rows.length > 0;
  }

  async nameOf(tx: TenantTx, principalId: string): Promise<string> {
    const row = await tx.one<{ name: string }>('SELECT name FROM app.principal WHERE tenant_id = $1 AND id = $2', [
      tx.tenantId,
      principalId,
    ]);
    return row?.name ?? '';
  }
}

function toEscalation(row: Row): Escalation {
  return {
    id: row.id,
    conversationId: row.conversation_id,
    status: row.status,
    cause: row.cause,
    reason: row.reason,
    skill: row.skill,
    language: row.language,
    email: row.email,
    contactForm: row.contact_form && row.status === 'waiting',
    summary: row.summary,
    supporter: row.supporter_id === null ? null : { id: row.supporter_id, name: row.supporter_name ?? '' },
    user: { id: row.user_id, name: row.user_name },
    position: row.position,
    waitingSince: row.waiting_since,
    assignedAt: row.assigned_at,
    firstReplyAt: row.first_reply_at,
    endedAt: row.ended_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
