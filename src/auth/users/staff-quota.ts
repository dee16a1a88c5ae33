import type { Role } from '#platform/context';
import type { TenantTx } from '#platform/database';
import { QuotaExceededError } from '#platform/errors';
import { Quotas } from '#tenants';
import { Injectable } from '@nestjs/common';
import { kindOf } from '../principals/principal.js';
import { PrincipalRepository } from '../principals/principal.repository.js';

/** Staff beyond what the operator allows (`limits.users`), disabled ones included; end users and visitors are not counted. */
@Injectable()
export class StaffQuota {
  constructor(
    private readonly quotas: Quotas,
    private readonly principals: PrincipalRepository,
  ) {
    quotas.countedBy('users', async (tx) => {
      const { invited, present } = await principals.countStaff(tx);
      return present + invited;
    });
  }

  /**
   * Call it before the transaction writes anything.
   * @param counting `invited`: those who were asked to join have their places already
   * @throws QuotaExceededError when there is no place for one more
   */
  async assertRoom(tx: TenantTx, role: Role, counting: 'invited' | 'present' = 'invited'): Promise<void> {
    if (kindOf(role) !== 'staff') return;
    const limit = await this.quotas.hold(tx, 'users');
    if (limit === null) return;
    const { invited, present } = await this.principals.countStaff(tx);
    const used = counting === 'invited' ? present + invited : present;
    if (used < limit) return;
    throw new QuotaExceededError(
      `This tenant may have ${limit} users of staff, and has ${present} with ${invited} open invitations: ` +
        'delete a user, revoke an invitation, or ask the operator for more',
    );
  }
}
