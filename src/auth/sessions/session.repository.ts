import type { RequestContext, Role } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';

export interface AliveRow {
  readonly email: string | null;
  readonly name: string;
  readonly role: Role;
  readonly persona: string | null;
  readonly slug: string;
  readonly tenantStatus: 'active' | 'suspended';
}

export interface RefreshableSession {
  readonly id: string;
  readonly principalId: string;
  readonly isCurrent: boolean;
  readonly isPrevious: boolean;
  readonly withinGrace: boolean;
  readonly role: Role;
  readonly persona: string | null;
  readonly email: string | null;
  readonly name: string;
  readonly slug: string;
}

@Injectable()
export class SessionRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** One statement, one round trip; inside `tx` it costs no transaction of its own. */
  async findAlive(ctx: RequestContext, tx?: TenantTx): Promise<AliveRow | null> {
    const values = [ctx.tenantId, ctx.principal.id, ctx.principal.sessionId];
    const rows =
      tx === undefined
        ? await this.unitOfWork.query<AliveRow>(ctx, ALIVE, values, 'session_alive')
        : await tx.query<AliveRow>(ALIVE, values, 'session_alive');
    return rows[0] ?? null;
  }

  async insert(
    tx: TenantTx,
    session: { id: string; principalId: string; refreshHash: Buffer; userAgent: string | null; seconds: number },
  ): Promise<void> {
    await tx.execute(
      `INSERT INTO app.session (tenant_id, id, principal_id, refresh_hash, user_agent, expires_at)
       VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))`,
      [tx.tenantId, session.id, session.principalId, session.refreshHash, session.userAgent, session.seconds],
    );
  }

  /** The live session behind a refresh token, locked; null when it was revoked, has expired or its person was disabled. */
  async lockForRefresh(
    tx: TenantTx,
    sessionId: string,
    refreshHash: Buffer,
    graceSeconds: number,
  ): Promise<RefreshableSession | null> {
    return tx.one<RefreshableSession>(
      `SELECT s.id, s.principal_id AS "principalId",
         s.refresh_hash = $3 AS "isCurrent",
         COALESCE(s.previous_refresh_hash = $3, false) AS "isPrevious",
         COALESCE(s.rotated_at > clock_timestamp() - make_interval(secs => $4), false) AS "withinGrace",
         p.role, p.persona, p.email, p.name, t.slug
       FROM app.session s
       JOIN app.principal p ON p.tenant_id = s.tenant_id AND p.id = s.principal_id
       JOIN app.tenant t ON t.id = s.tenant_id
       WHERE s.tenant_id = $1 AND s.id = $2 AND s.revoked_at IS NULL AND s.expires_at > now()
         AND p.disabled_at IS NULL AND t.status = 'active'
       FOR UPDATE OF s`,
      [tx.tenantId, sessionId, refreshHash, graceSeconds],
    );
  }

  async rotate(tx: TenantTx, sessionId: string, nextHash: Buffer, seconds: number): Promise<void> {
    await tx.execute(
      `UPDATE app.session SET previous_refresh_hash = refresh_hash, refresh_hash = $3, rotated_at = clock_timestamp(),
         last_used_at = now(), expires_at = now() + make_interval(secs => $4)
       WHERE tenant_id = $1 AND id = $2`,
      [tx.tenantId, sessionId, nextHash, seconds],
    );
  }

  async revoke(tx: TenantTx, sessionId: string): Promise<boolean> {
    const touched = await tx.execute(
      `UPDATE app.session SET revoked_at = now() WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL`,
      [tx.tenantId, sessionId],
    );
    return touched > 0;
  }

  /** @param except the session that stays; null for none */
  async revokeAll(tx: TenantTx, principalId: string, except: string | null): Promise<void> {
    await tx.execute(
      `UPDATE app.session SET revoked_at = now()
       WHERE tenant_id = $1 AND principal_id = $2 AND revoked_at IS NULL AND ($3::uuid IS NULL OR id <> $3)`,
      [tx.tenantId, principalId, except],
    );
  }
}

const ALIVE = `
SELECT p.email, p.name, p.role, p.persona, t.slug, t.status AS "tenantStatus"
FROM app.principal p
JOIN app.tenant t ON t.id = p.tenant_id
WHERE p.tenant_id = $1 AND p.id = $2 AND p.disabled_at IS NULL
  AND ($3::uuid IS NULL OR EXISTS (
    SELECT 1 FROM app.session s
    WHERE s.tenant_id = $1 AND s.id = $3 AND s.principal_id = p.id AND s.revoked_at IS NULL AND s.expires_at > now()))`;
