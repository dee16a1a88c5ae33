import { Injectable } from '@nestjs/common';
import type { TenantScope } from '#platform/context';
import { isUuid, UnitOfWork } from '#platform/database';

@Injectable()
export class PresenceRepository {
  constructor(private readonly uow: UnitOfWork) {}

  /** The user's id, from that or from what the tenant's own server knows them by; null when there is nobody. */
  async findId(scope: TenantScope, named: string): Promise<string | null> {
    const id = isUuid(named) ? named.toLowerCase() : null;
    const [row] = await this.uow.query<{ id: string }>(
      scope,
      `SELECT p.id FROM app.principal p WHERE p.tenant_id = $1 AND p.id = $2
       UNION ALL SELECT p.id FROM app.principal p WHERE p.tenant_id = $1 AND p.external_id = $3 LIMIT 1`,
      [scope.tenantId, id, named],
    );
    return row?.id ?? null;
  }
}
