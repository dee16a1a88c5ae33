import { AppConfig } from '#platform/config';
import { LOGGER, type Logger } from '#platform/logging';
import { PLATFORM_SLUG, TenantService } from '#tenants';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { PrincipalService } from '../principals/principal.service.js';

/** BOOTSTRAP_ADMIN_*: the tenant of the platform's staff and its first admin, once. Later starts change nothing. */
@Injectable()
export class IdentityBootstrap implements OnApplicationBootstrap {
  constructor(
    private readonly config: AppConfig,
    private readonly tenants: TenantService,
    private readonly principals: PrincipalService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { BOOTSTRAP_ADMIN_EMAIL: email, BOOTSTRAP_ADMIN_PASSWORD: password } = this.config.env;
    if (email === undefined || password === undefined) return;
    const { id: tenantId } = await this.tenants.ensure({ slug: PLATFORM_SLUG, name: 'Platform' });
    if ((await this.principals.findFirstWithRole({ tenantId }, 'platform_admin')) !== null) return;
    const person = { email, password, name: 'Platform admin', role: 'platform_admin' as const };
    const { created } = await this.principals.ensurePerson({ tenantId }, person);
    if (created) this.logger.info({ tenant_id: tenantId }, 'the first platform admin was created');
  }
}
