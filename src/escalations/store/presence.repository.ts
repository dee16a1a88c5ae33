import { Injectable } from '@nestjs/common';
import type { TenantTx } from '#platform/database';
import { type Availability, GONE_AFTER_SECONDS, type Workforce } from '../model/presence.js';
import { HANDLING_ROLES } from '../model/handlers.js';
import { SupporterPresenceEntity } from './presence.entity.js';

/** What nobody has said yet. */
const DEFAULT: Availability = { status: 'offline', capacity: 3, skills: [], languages: [] };
/** How long a conversation takes, while nothing is known. */
const USUAL_SECONDS = 300;

const THERE = `p.status = 'online' AND p.seen_at > clock_timestamp() - interval '${GONE_AFTER_SECONDS} seconds'
  AND EXISTS (SELECT 1 FROM app.principal u WHERE u.tenant_id = p.tenant_id AND u.id = p.principal_id
    AND u.disabled_at IS NULL AND u.deleted_at IS NULL AND u.role IN (${HANDLING_ROLES.map((role) => `'${role}'`).join(', ')}))`;
const LOAD = `(SELECT count(*)::int FROM app.escalation e
   WHERE e.tenant_id = p.tenant_id AND e.status = 'assigned' AND e.supporter_id = p.principal_id)`;

/** Someone to give a conversation to. */
export interface FreeSupporter {
  readonly id: string;
  readonly skills: readonly string[];
  readonly languages: readonly string[];
  readonly load: number;
  readonly capacity: number;
  /** Milliseconds; 0: never. */
  readonly last_assigned: number;
}

@Injectable()
export class PresenceRepository {
  async find(tx: TenantTx, principalId: string): Promise<Availability> {
    const row = await tx.rows(SupporterPresenceEntity).findOne({ principalId });
    if (row === null) return DEFAULT;
    const { capacity, languages, seenAt, skills } = row;
    const gone = Date.now() - seenAt.getTime() > GONE_AFTER_SECONDS * 1000;
    return { status: gone ? 'offline' : row.status, capacity, skills, languages };
  }

  async put(tx: TenantTx, principalId: string, availability: Availability): Promise<void> {
    const { capacity, languages, skills, status } = availability;
    await tx.execute(
      `INSERT INTO app.supporter_presence (tenant_id, principal_id, status, capacity, skills, languages, seen_at)
       VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())
       ON CONFLICT (tenant_id, principal_id) DO UPDATE SET status = excluded.status, capacity = excluded.capacity,
         skills = excluded.skills, languages = excluded.languages, seen_at = excluded.seen_at, updated_at = clock_timestamp()`,
      [tx.tenantId, principalId, status, capacity, skills, languages],
    );
  }

  /** They are there: a socket is open, or a request came. One that was gone, and had not said so, is as before. */
  async seen(tx: TenantTx, principalIds: readonly string[]): Promise<void> {
    await tx.execute(
      'UPDATE app.supporter_presence SET seen_at = clock_timestamp() WHERE tenant_id = $1 AND principal_id = ANY ($2)',
      [tx.tenantId, principalIds],
    );
  }

  /** @param skill counts only those who have it; null: all */
  async workforce(tx: TenantTx, skill: string | null): Promise<Workforce> {
    const row = await tx.one<{
      online: number;
      capacity: number;
      load: number;
      waiting: number;
      handling_s: number | null;
    }>(
      `WITH there AS (
         SELECT p.principal_id, p.capacity FROM app.supporter_presence p
          WHERE p.tenant_id = $1 AND ${THERE} AND ($2::text IS NULL OR $2 = ANY (p.skills)))
       SELECT (SELECT count(*)::int FROM there) AS online,
              (SELECT coalesce(sum(capacity), 0)::int FROM there) AS capacity,
              (SELECT count(*)::int FROM app.escalation e JOIN there t ON t.principal_id = e.supporter_id
                WHERE e.tenant_id = $1 AND e.status = 'assigned') AS load,
              (SELECT count(*)::int FROM app.escalation e WHERE e.tenant_id = $1 AND e.status = 'waiting') AS waiting,
              (SELECT avg(extract(epoch FROM l.ended_at - l.assigned_at))::float8 FROM (
                 SELECT e.ended_at, e.assigned_at FROM app.escalation e
                  WHERE e.tenant_id = $1 AND e.ended_at IS NOT NULL AND e.assigned_at IS NOT NULL
                  ORDER BY e.id DESC LIMIT 50) l) AS handling_s`,
      [tx.tenantId, skill],
    );
    if (row === null) throw new Error('A count returned no row');
    const { handling_s: handling, ...counts } = row;
    return { ...counts, handlingSeconds: Math.max(30, handling ?? USUAL_SECONDS) };
  }

  /** Who is there and has room, with what they have. */
  free(tx: TenantTx): Promise<FreeSupporter[]> {
    return tx.query<FreeSupporter>(
      `SELECT p.principal_id AS id, p.skills, p.languages, p.capacity, w.load,
              coalesce(extract(epoch FROM p.assigned_at) * 1000, 0)::float8 AS last_assigned
         FROM app.supporter_presence p CROSS JOIN LATERAL (SELECT ${LOAD} AS load) w
        WHERE p.tenant_id = $1 AND ${THERE} AND w.load < p.capacity`,
      [tx.tenantId],
    );
  }

  /** Holds the row until the transaction ends, so that whoever gives them something else counts again. @returns whether there is room */
  async holdWithRoom(tx: TenantTx, principalId: string): Promise<boolean> {
    const held = await tx.query<{ capacity: number }>(
      `SELECT p.capacity FROM app.supporter_presence p WHERE p.tenant_id = $1 AND p.principal_id = $2 AND ${THERE} FOR UPDATE`,
      [tx.tenantId, principalId],
    );
    const [row] = held;
    if (row === undefined) return false;
    // A statement of its own: it sees what was given while the row was waited for.
    const counted = await tx.one<{ load: number }>(
      `SELECT ${LOAD} AS load FROM app.supporter_presence p WHERE p.tenant_id = $1 AND p.principal_id = $2`,
      [tx.tenantId, principalId],
    );
    return counted !== null && counted.load < row.capacity;
  }
}
