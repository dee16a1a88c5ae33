import { AppConfig } from '#platform/config';
import { PLATFORM_SLUG, TenantService } from '#tenants';
import { Injectable } from '@nestjs/common';
import type { PrincipalRecord } from '../principals/principal.js';
import { PrincipalService } from '../principals/principal.service.js';
import type { VerifiedToken } from '../tokens/verified-token.js';

const DEMO_TENANT = 'acme';
const DEMO_ADMIN = 'admin@acme.test';

/** AUTH_BYPASS: for local development, everybody without a token is the demo admin, or the first platform admin. */
@Injectable()
export class BypassIdentity {
  constructor(
    private readonly config: AppConfig,
    private readonly tenants: TenantService,
    private readonly principals: PrincipalService,
  ) {}

  /**
   * @param named somebody else of that tenant, by id or external id; made on first use
   * @returns null when the bypass is off, or there is nobody to sign in as
   */
  async signIn(correlationId: string, named: string | null = null): Promise<VerifiedToken | null> {
    if (!this.config.env.AUTH_BYPASS) return null;
    const found = (await this.demoAdmin()) ?? (await this.platformAdmin());
    if (found === null) return null;
    const principal = named === null ? found.principal : await this.principals.ensureNamed(found, named);
    if (principal.disabledAt !== null) return null;
    const { id, role, persona } = principal;
    return {
      ctx: { tenantId: found.tenantId, correlationId, principal: { id, role, persona, sessionId: null } },
      expiresAt: null,
    };
  }

  private async demoAdmin(): Promise<Found | null> {
    const tenantId = await this.tenants.findIdBySlug(DEMO_TENANT);
    if (tenantId === null) return null;
    const principal = await this.principals.findByEmail({ tenantId }, DEMO_ADMIN);
    return principal === null || principal.disabledAt !== null ? null : { tenantId, principal };
  }

  private async platformAdmin(): Promise<Found | null> {
    const tenantId = await this.tenants.findIdBySlug(PLATFORM_SLUG);
    if (tenantId === null) return null;
    const principal = await this.principals.findFirstWithRole({ tenantId }, 'platform_admin');
    return principal && { tenantId, principal };
  }
}

interface Found {
  readonly tenantId: string;
  readonly principal: PrincipalRecord;
}
