import { Injectable } from '@nestjs/common';
import type { TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';

@Injectable()
export class PresenceRepository {
  constructor(private readonly uow: UnitOfWork) {}

  /** Whether the tenant has such a user. */
  async isUser(scope: TenantScope, userId: string): Promise<boolean> {
    const rows = await this.uow.query(scope, 'SELECT 1 FROM app.principal WHERE tenant_id = $1 AND id = $2', [
      scope.tenantId,
      userId,
    ]);
    return rows.length === 1;
  }
}
