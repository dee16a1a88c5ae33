import type { TenantScope } from '#platform/context';
import type { UnitOfWork } from '#platform/database';

/** Takes the name of somebody who is erased out of what they said to others. The words stay: they are the others' conversations. */
export async function forgetSupporter(uow: UnitOfWork, scope: TenantScope, principalId: string): Promise<void> {
  await uow.query(
    scope,
    `UPDATE app.message SET metadata = metadata - 'supporter', principal_id = NULL
      WHERE tenant_id = $1 AND principal_id = $2 AND role = 'supporter'`,
    [scope.tenantId, principalId],
  );
}
