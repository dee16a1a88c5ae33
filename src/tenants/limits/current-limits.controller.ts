import type { RequestContext } from '#platform/context';
import { AdminResource, Ctx, timeSchema } from '#platform/http';
import { Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { z } from 'zod';
import { CurrentLimits } from './current-limits.js';

const currentLimitsResponse = z
  .object({
    limits: z.array(
      z.object({ name: z.string(), limit: z.number(), used: z.number(), reset_at: timeSchema.nullable() }),
    ),
  })
  .meta({ id: 'CurrentLimits' });

@AdminResource('usage', 'usage.read')
export class CurrentLimitsController {
  constructor(private readonly limits: CurrentLimits) {}

  /**
   * Messages, requests and `user_tokens_per_minute` are the caller's own, the others the tenant's; a limit that is not set is
   * left out. `users` and `storage_mb` are what there is of them; they begin anew never (`reset_at` null).
   */
  @ApiOperation({ summary: 'How far the limits are used up now' })
  @Get('current')
  @ApiOkResponse({ standardSchema: currentLimitsResponse })
  async read(@Ctx() ctx: RequestContext): Promise<z.infer<typeof currentLimitsResponse>> {
    const limits = await this.limits.of(ctx);
    return {
      limits: limits.map(({ limit, name, resetAt, used }) => ({
        name,
        limit,
        used,
        reset_at: resetAt?.toISOString() ?? null,
      })),
    };
  }
}
