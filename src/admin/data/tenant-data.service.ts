import type { RequestContext } from '#platform/context';
import { InvalidInputError } from '#platform/errors';
import { PLATFORM_SLUG, PlatformTenantError, TenantService } from '#tenants';
import { Injectable } from '@nestjs/common';
import type { Job } from '../jobs/job.repository.js';
import { JobService } from '../jobs/job.service.js';

/** Everything of a tenant, taken out as one archive or taken away: asked for over REST and from a shell. */
@Injectable()
export class TenantDataService {
  constructor(
    private readonly tenants: TenantService,
    private readonly jobs: JobService,
  ) {}

  /** @throws TenantNotFoundError, ForbiddenError */
  async export(ctx: RequestContext, tenantId: string): Promise<Job> {
    await this.tenants.get({ tenantId });
    return this.jobs.ask(ctx, 'tenant.export', tenantId);
  }

  /**
   * For good.
   * @param confirm must be the tenant's slug
   * @throws TenantNotFoundError, PlatformTenantError, ForbiddenError; InvalidInputError where `confirm` is another
   */
  async erase(ctx: RequestContext, tenantId: string, confirm: string): Promise<Job> {
    const { slug } = await this.tenants.get({ tenantId });
    if (slug === PLATFORM_SLUG || tenantId === ctx.tenantId) throw new PlatformTenantError('erased');
    if (confirm !== slug) {
      throw new InvalidInputError('confirm: must be the slug of the tenant that is to be erased', { field: 'confirm' });
    }
    return this.jobs.ask(ctx, 'tenant.erase', tenantId);
  }
}
