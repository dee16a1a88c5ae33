import type { RequestContext } from '#platform/context';
import { AdminResource, Ctx, Id } from '#platform/http';
import { Header, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { z } from 'zod';
import { TenantVisitService } from './tenant-visit.service.js';

const visitResponse = z
  .object({
    access_token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.number(),
    tenant: z.object({ id: z.string(), slug: z.string() }),
  })
  .meta({ id: 'TenantVisit' });

@AdminResource('tenants/:id/tokens', 'tenants.manage', { tag: 'tenants' })
export class TenantVisitsController {
  constructor(private readonly visits: TenantVisitService) {}

  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'A token to work inside this tenant for 15 minutes; audited' })
  @ApiOkResponse({ standardSchema: visitResponse })
  async create(@Ctx() ctx: RequestContext, @Id() id: string): Promise<z.infer<typeof visitResponse>> {
    const visit = await this.visits.begin(ctx, id);
    return {
      access_token: visit.accessToken,
      token_type: 'Bearer',
      expires_in: visit.expiresIn,
      tenant: { id, slug: visit.slug },
    };
  }
}
