import type { RequestContext, Role } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import type { Feature } from '#platform/http';
import { Injectable } from '@nestjs/common';

/** The installation's own issuer: no tenant's has this id. */
export const INSTALLATION_ISSUER_ID = '00000000-0000-0000-0000-000000000001';

export interface AliveRow {
  readonly email: string | null;
  readonly externalId: string | null;
  readonly name: string;
  readonly role: Role;
  readonly persona: string | null;
  readonly slug: string;
  readonly suspended: boolean;
  /** False: the session was revoked or has run out; of an API key: it, or whoever answers for it, has ended. */
  readonly alive: boolean;
  /** Of a session that a widget opened: the origins of the pages that it stands on; null for all others. */
  readonly pages: readonly string[] | null;
  /** What let them in, where the tenant may not have it; null for who signed in. */
  readonly cameBy: Feature | null;
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
  readonly suspended: boolean;
}

@Injectable()
export class SessionRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** One statement, one round trip. */
  async findAlive(ctx: RequestContext): Promise<AliveRow | null> {
    const values = [ctx.tenantId, ctx.principal.id, ctx.principal.sessionId];
    const [row] = await this.unitOfWork.query<AliveRow>(ctx, ALIVE, values, 'session_alive');
    return row ?? null;
  }

  async insert(
    tx: TenantTx,
    session: {
      id: string;
      principalId: string;
      refreshHash: Buffer;
      userAgent: string | null;
      apiKeyId: string | null;
      widgetId: string | null;
      seconds: number;
    },
  ): Promise<void> {
    await tx.execute(
      `INSERT INTO app.session (tenant_id, id, principal_id, refresh_hash, user_agent, api_key_id, widget_id, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => $8))`,
      [
        tx.tenantId,
        session.id,
        session.principalId,
        session.refreshHash,
        session.userAgent,
        session.apiKeyId,
        session.widgetId,
        session.seconds,
      ],
    );
  }

  /** Ends what keys minted. */
  async revokeMintedBy(tx: TenantTx, keyIds: readonly string[]): Promise<{ id: string; principalId: string }[]> {
    return tx.query(
      `UPDATE app.session SET revoked_at = now()
       WHERE tenant_id = $1 AND api_key_id = ANY ($2) AND revoked_at IS NULL AND expires_at > now()
       RETURNING id, principal_id AS "principalId"`,
      [tx.tenantId, keyIds],
    );
  }

  /** Ends what a widget opened. */
  async revokeOpenedBy(tx: TenantTx, widgetId: string): Promise<{ id: string; principalId: string }[]> {
    return tx.query(
      `UPDATE app.session SET revoked_at = now()
       WHERE tenant_id = $1 AND widget_id = $2 AND revoked_at IS NULL AND expires_at > now()
       RETURNING id, principal_id AS "principalId"`,
      [tx.tenantId, widgetId],
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
         p.role, p.persona, p.email, p.name, t.slug, t.status = 'suspended' AS suspended
       FROM app.session s
       JOIN app.principal p ON p.tenant_id = s.tenant_id AND p.id = s.principal_id
       JOIN app.tenant t ON t.id = s.tenant_id
       WHERE s.tenant_id = $1 AND s.id = $2 AND s.revoked_at IS NULL AND s.expires_at > now()
         AND p.disabled_at IS NULL
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

/** A key may do nothing without its maker: what `ApiKeyVerifier` asked at first is asked again, for sockets that stay open. */
const ALIVE = `
SELECT p.email, p.external_id AS "externalId", p.name, p.role, p.persona, t.slug, t.status = 'suspended' AS suspended,
  CASE WHEN $3::uuid IS NOT NULL
    THEN coalesce(s.principal_id = p.id AND s.revoked_at IS NULL AND s.expires_at > now(), false)
  WHEN p.kind = 'api_key' THEN EXISTS (
    SELECT 1 FROM app.api_key k JOIN app.principal m ON m.tenant_id = k.tenant_id AND m.id = k.created_by
    WHERE k.tenant_id = $1 AND k.id = p.id AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
      AND m.disabled_at IS NULL)
  ELSE true END AS alive,
  w.origins AS pages,
  CASE WHEN $3::uuid IS NULL AND p.kind = 'api_key' THEN 'api_keys'
    WHEN s.widget_id IS NOT NULL THEN 'widgets'
    WHEN s.api_key_id IS NOT NULL THEN 'end_user_tokens'
    WHEN s.issuer_id <> '${INSTALLATION_ISSUER_ID}' THEN 'trusted_issuers' END AS "cameBy"
FROM app.principal p
JOIN app.tenant t ON t.id = p.tenant_id
LEFT JOIN app.session s ON s.tenant_id = $1 AND s.id = $3
LEFT JOIN app.widget w ON w.tenant_id = $1 AND w.id = s.widget_id
WHERE p.tenant_id = $1 AND p.id = $2 AND p.disabled_at IS NULL`;
