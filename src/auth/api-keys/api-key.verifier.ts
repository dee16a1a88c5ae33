import type { Role } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { UnauthorizedError } from '#platform/errors';
import { Injectable } from '@nestjs/common';
import type { VerifiedToken } from '../tokens/verified-token.js';
import { hashApiKey, tenantOfApiKey } from './api-key.js';
import { scopesNow } from './key-scopes.js';

interface Row {
  readonly id: string;
  readonly role: Role;
  readonly persona: string | null;
  readonly scopes: string[];
  readonly makerRole: Role;
  readonly expiresAt: Date | null;
}

export interface HeldKey {
  /** When the key ends by itself; null: never. */
  readonly expiresAt: Date | null;
  /** What it may do today. */
  readonly scopes: string[];
}

/** A key acts as a principal of its own, which has the key's id, within what its maker may do today. */
@Injectable()
export class ApiKeyVerifier {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @throws UnauthorizedError */
  async verify(key: string, correlationId: string): Promise<VerifiedToken> {
    const tenantId = tenantOfApiKey(key);
    if (tenantId === null) throw new UnauthorizedError();
    const [row] = await this.unitOfWork.query<Row>({ tenantId }, FIND_AND_TOUCH, [tenantId, hashApiKey(key)]);
    const scopes = row === undefined ? null : scopesNow(row, row.makerRole);
    if (row === undefined || scopes === null) throw new UnauthorizedError();
    const principal = { id: row.id, role: row.role, persona: row.persona, sessionId: null, scopes };
    return { ctx: { tenantId, correlationId, principal }, expiresAt: row.expiresAt };
  }

  /**
   * Holds key and maker as they are until the transaction ends, so that nothing is minted with a key that ends meanwhile.
   * @throws UnauthorizedError when it has ended
   */
  async hold(tx: TenantTx, keyId: string): Promise<HeldKey> {
    const row = await tx.one<Pick<Row, 'role' | 'scopes' | 'makerRole' | 'expiresAt'>>(
      `SELECT p.role, k.scopes, m.role AS "makerRole", k.expires_at AS "expiresAt"
       FROM app.api_key k ${ALIVE} AND k.id = $2 FOR SHARE OF k, m`,
      [tx.tenantId, keyId],
    );
    const scopes = row === null ? null : scopesNow(row, row.makerRole);
    if (row === null || scopes === null) throw new UnauthorizedError();
    return { expiresAt: row.expiresAt, scopes };
  }
}

const ALIVE = `
  JOIN app.principal p ON p.tenant_id = k.tenant_id AND p.id = k.id
  JOIN app.principal m ON m.tenant_id = k.tenant_id AND m.id = k.created_by AND m.disabled_at IS NULL
  WHERE k.tenant_id = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())`;

/** `last_used_at` is written at most once a minute. */
const FIND_AND_TOUCH = `
WITH found AS (
  SELECT k.id, p.role, p.persona, k.scopes, m.role AS "makerRole", k.expires_at AS "expiresAt", k.last_used_at
  FROM app.api_key k ${ALIVE} AND k.key_hash = $2
), touched AS (
  UPDATE app.api_key k SET last_used_at = now() FROM found
  WHERE k.tenant_id = $1 AND k.id = found.id
    AND (found.last_used_at IS NULL OR found.last_used_at < now() - interval '1 minute')
)
SELECT id, role, persona, scopes, "makerRole", "expiresAt" FROM found`;
