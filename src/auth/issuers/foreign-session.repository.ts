import { randomBytes } from 'node:crypto';
import { newId, type TenantTx } from '#platform/database';
import { Injectable } from '@nestjs/common';

/** As long as a token that was let in may still come (its clock's leeway). */
const LEEWAY_SECONDS = 60;

interface Known {
  readonly id: string | null;
  /** Until when the session lasts, and when the person was signed out last; seconds since 1970. */
  readonly endsAt: number | null;
  readonly signedOutAt: number | null;
}

@Injectable()
export class ForeignSessionRepository {
  /**
   * The session of a person by an issuer, opened or prolonged.
   * @returns null for a token from before the person was signed out
   */
  async ensure(
    tx: TenantTx,
    token: { principalId: string; issuerId: string; issuedAt: number; expiresAt: number },
  ): Promise<string | null> {
    const known = await tx.one<Known>(
      `SELECT open.id, open."endsAt", (
         SELECT extract(epoch FROM max(s.revoked_at))::float8 FROM app.session s
         WHERE s.tenant_id = $1 AND s.principal_id = $2 AND s.issuer_id = $3) AS "signedOutAt"
       FROM (SELECT 1) one LEFT JOIN LATERAL (
         SELECT s.id, extract(epoch FROM s.expires_at)::float8 AS "endsAt" FROM app.session s
         WHERE s.tenant_id = $1 AND s.principal_id = $2 AND s.issuer_id = $3 AND s.revoked_at IS NULL
         ORDER BY s.id DESC LIMIT 1) open ON true`,
      [tx.tenantId, token.principalId, token.issuerId],
    );
    const { endsAt: lasts, id: open, signedOutAt } = known ?? { id: null, endsAt: null, signedOutAt: null };
    if (signedOutAt !== null && token.issuedAt <= signedOutAt) return null;
    const endsAt = token.expiresAt + LEEWAY_SECONDS;
    if (open !== null) {
      if (lasts === null || lasts < endsAt) await this.prolong(tx, open, endsAt);
      return open;
    }
    const id = newId();
    // Nobody refreshes it: the hash is of nothing.
    await tx.execute(
      `INSERT INTO app.session (tenant_id, id, principal_id, refresh_hash, issuer_id, expires_at)
       VALUES ($1, $2, $3, $4, $5, to_timestamp($6))`,
      [tx.tenantId, id, token.principalId, randomBytes(32), token.issuerId, endsAt],
    );
    return id;
  }

  /** Ends what an issuer vouched for. */
  async revokeBy(tx: TenantTx, issuerId: string): Promise<{ id: string; principalId: string }[]> {
    return tx.query(
      `UPDATE app.session SET revoked_at = now() WHERE tenant_id = $1 AND issuer_id = $2 AND revoked_at IS NULL
       RETURNING id, principal_id AS "principalId"`,
      [tx.tenantId, issuerId],
    );
  }

  private async prolong(tx: TenantTx, id: string, endsAt: number): Promise<void> {
    await tx.execute(
      `UPDATE app.session SET expires_at = to_timestamp($3), last_used_at = now() WHERE tenant_id = $1 AND id = $2`,
      [tx.tenantId, id, endsAt],
    );
  }
}
