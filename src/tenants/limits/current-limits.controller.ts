import type { RequestContext } from '#platform/context';
import { Ctx, RequirePermission, timeSchema } from '#platform/http';
import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { CurrentLimits } from './current-limits.js';

const currentLimitsResponse = z
  .object({
    limits: z.array(z.object({ name: z.string(), limit: z.number(), used: z.number(), reset_at: timeSchema })),
  })
  .meta({ id: 'CurrentLimits' });

@ApiTags('usage')
@ApiBearerAuth('bearer')
@Controller('api/admin/usage')
@RequirePermission('usage.read')
export class CurrentLimitsController {
  constructor(private readonly limits: CurrentLimits) {}

  /** Messages and requests are the caller's own, tokens and budgets the tenant's; a limit that is not set is left out. */
  @ApiOperation({ summary: 'How far the limits are used up now' })
  @Get('current')
  @ApiOkResponse({ standardSchema: currentLimitsResponse })
  async read(@Ctx() ctx: RequestContext): Promise<z.infer<typeof currentLimitsResponse>> {
    const limits = await this.limits.of(ctx);
    return {
      limits: limits.map(({ limit, name, resetAt, used }) => ({ name, limit, used, reset_at: resetAt.toISOString() })),
    };
  }
}
