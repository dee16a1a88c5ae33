import type { RequestContext } from '#platform/context';
import { InvalidInputError } from '#platform/errors';
import { Ctx, Id, RequirePermission } from '#platform/http';
import { PLATFORM_SLUG, PlatformTenantError, TenantService } from '#tenants';
import { Body, Controller, Delete, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { type JobResponse, jobResponse, toJobResponse } from '../jobs/job.dto.js';
import { JobService } from '../jobs/job.service.js';

const eraseBody = z.strictObject({ confirm: z.string().max(100) }).meta({ examples: [{ confirm: 'my-company' }] });

/** Everything of a tenant: taken out as one archive, or taken away. */
@ApiTags('tenants')
@ApiBearerAuth('bearer')
@Controller('api/admin')
export class TenantDataController {
  constructor(
    private readonly tenants: TenantService,
    private readonly jobs: JobService,
  ) {}

  @ApiOperation({ summary: 'Export everything of one’s own tenant' })
  @Post('export')
  @HttpCode(202)
  @RequirePermission('settings.write')
  @ApiAcceptedResponse({ standardSchema: jobResponse })
  async exportOwn(@Ctx() ctx: RequestContext): Promise<JobResponse> {
    return toJobResponse(await this.jobs.ask(ctx, 'tenant.export', ctx.tenantId));
  }

  @ApiOperation({ summary: 'Export everything of a tenant' })
  @Post('tenants/:id/export')
  @HttpCode(202)
  @RequirePermission('tenants.manage')
  @ApiAcceptedResponse({ standardSchema: jobResponse })
  async exportTenant(@Ctx() ctx: RequestContext, @Id() id: string): Promise<JobResponse> {
    await this.tenants.get({ tenantId: id });
    return toJobResponse(await this.jobs.ask(ctx, 'tenant.export', id));
  }

  /** For good: the tenant is suspended at once, then all of its rows and files go. `confirm` is its slug. */
  @ApiOperation({ summary: 'Erase a tenant' })
  @Delete('tenants/:id')
  @HttpCode(202)
  @RequirePermission('tenants.manage')
  @ApiAcceptedResponse({ standardSchema: jobResponse })
  async erase(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: eraseBody }) { confirm }: z.infer<typeof eraseBody>,
  ): Promise<JobResponse> {
    const { slug } = await this.tenants.get({ tenantId: id });
    if (slug === PLATFORM_SLUG || id === ctx.tenantId) throw new PlatformTenantError('erased');
    if (confirm !== slug) {
      throw new InvalidInputError('confirm: must be the slug of the tenant that is to be erased', { field: 'confirm' });
    }
    return toJobResponse(await this.jobs.ask(ctx, 'tenant.erase', id));
  }
}
