import type { Role } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { UnauthorizedError } from '#platform/errors';
import { Injectable } from '@nestjs/common';
import type { VerifiedToken } from '../tokens/verified-token.js';
import { hashApiKey, tenantOfApiKey } from './api-key.js';

interface Row {
  readonly id: string;
  readonly role: Role;
  readonly persona: string | null;
}

/** A key acts as a principal of its own, which has the key's id. */
@Injectable()
export class ApiKeyVerifier {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @throws UnauthorizedError */
  async verify(key: string, correlationId: string): Promise<VerifiedToken> {
    const tenantId = tenantOfApiKey(key);
    if (tenantId === null) throw new UnauthorizedError();
    const [row] = await this.unitOfWork.query<Row>({ tenantId }, FIND_AND_TOUCH, [tenantId, hashApiKey(key)]);
    if (row === undefined) throw new UnauthorizedError();
    const principal = { id: row.id, role: row.role, persona: row.persona, sessionId: null };
    return { ctx: { tenantId, correlationId, principal }, expiresAt: null };
  }
}

/** `last_used_at` is written at most once a minute. */
const FIND_AND_TOUCH = `
WITH found AS (
  SELECT k.id, p.role, p.persona, k.last_used_at
  FROM app.api_key k
  JOIN app.principal p ON p.tenant_id = k.tenant_id AND p.id = k.id
  WHERE k.tenant_id = $1 AND k.key_hash = $2 AND k.revoked_at IS NULL
    AND (k.expires_at IS NULL OR k.expires_at > now())
), touched AS (
  UPDATE app.api_key k SET last_used_at = now() FROM found
  WHERE k.tenant_id = $1 AND k.id = found.id
    AND (found.last_used_at IS NULL OR found.last_used_at < now() - interval '1 minute')
)
SELECT id, role, persona FROM found`;
