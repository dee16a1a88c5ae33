import type { RequestContext } from '#platform/context';
import { Ctx, Id, RequirePermission } from '#platform/http';
import { Body, Controller, Delete, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { type JobResponse, jobResponse, toJobResponse } from '../jobs/job.dto.js';
import { TenantDataService } from './tenant-data.service.js';

const eraseBody = z.strictObject({ confirm: z.string().max(100) }).meta({ examples: [{ confirm: 'my-company' }] });

/** Everything of a tenant: taken out as one archive, or taken away. */
@ApiTags('tenants')
@ApiBearerAuth('bearer')
@Controller('api/admin')
export class TenantDataController {
  constructor(private readonly data: TenantDataService) {}

  @ApiOperation({ summary: 'Export everything of one’s own tenant' })
  @Post('export')
  @HttpCode(202)
  @RequirePermission('settings.write')
  @ApiAcceptedResponse({ standardSchema: jobResponse })
  async exportOwn(@Ctx() ctx: RequestContext): Promise<JobResponse> {
    return toJobResponse(await this.data.export(ctx, ctx.tenantId));
  }

  @ApiOperation({ summary: 'Export everything of a tenant' })
  @Post('tenants/:id/export')
  @HttpCode(202)
  @RequirePermission('tenants.manage')
  @ApiAcceptedResponse({ standardSchema: jobResponse })
  async exportTenant(@Ctx() ctx: RequestContext, @Id() id: string): Promise<JobResponse> {
    return toJobResponse(await this.data.export(ctx, id));
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
    return toJobResponse(await this.data.erase(ctx, id, confirm));
  }
}
