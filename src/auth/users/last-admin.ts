import type { TenantTx } from '#platform/database';
import type { PrincipalRecord } from '../principals/principal.js';
import type { PrincipalRepository } from '../principals/principal.repository.js';

/** Whether nobody else of this rank could sign in without them. Lock the tenant's row first. */
export async function isLastAdmin(
  tx: TenantTx,
  principals: PrincipalRepository,
  { disabledAt, id, role }: PrincipalRecord,
): Promise<boolean> {
  const isAdmin = role === 'tenant_admin' || role === 'platform_admin';
  return isAdmin && disabledAt === null && (await principals.countOthersWithRole(tx, role, id)) === 0;
}
