import type { Principal, RequestContext, Role } from '#platform/context';
import { isAllowed, permissionsOf } from '#platform/http';
import { PLATFORM_SLUG, TenantService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { outranks } from '../principals/principal.js';
import { MoreThanOwnError, PlatformAdminOnlyError } from './user.errors.js';

/** Whom somebody may make, change or let in: nobody who could do more than they can themselves. */
@Injectable()
export class Authority {
  constructor(private readonly tenants: TenantService) {}

  /**
   * To give a role, or a way to sign in as somebody who has it. Platform admins are made in the platform tenant only.
   * @throws PlatformAdminOnlyError, MoreThanOwnError
   */
  async assertMayGrant(ctx: RequestContext, role: Role): Promise<void> {
    if (role === 'platform_admin') {
      const platformId = await this.tenants.findIdBySlug(PLATFORM_SLUG);
      if (ctx.principal.role !== role || ctx.tenantId !== platformId) throw new PlatformAdminOnlyError();
    }
    this.assertMayTouch(ctx, role);
  }

  /** @throws PlatformAdminOnlyError, MoreThanOwnError */
  assertMayTouch({ principal }: { principal: Pick<Principal, 'role' | 'scopes'> }, role: Role): void {
    if (role === 'platform_admin' && principal.role !== role) throw new PlatformAdminOnlyError();
    if (role === 'end_user' || role === 'visitor') return;
    const holdsAll = permissionsOf(role).every((permission) => isAllowed(principal, permission));
    if (outranks(role, principal.role) || !holdsAll) throw new MoreThanOwnError(role);
  }
}
