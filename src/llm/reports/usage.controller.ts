import type { RequestContext } from '#platform/context';
import { AdminResource, Ctx } from '#platform/http';
import { Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { type UsageQuery, usageQuery, type UsageResponse, usageResponse } from './usage.dto.js';
import { UsageRepository } from './usage.repository.js';

@AdminResource('usage', 'usage.read')
export class UsageController {
  constructor(private readonly usage: UsageRepository) {}

  /**
   * Each request to a model or an embedding provider that somebody pays for, also of turns that failed or were stopped.
   * `group_by` is a comma-separated list of `day` (UTC), `agent`, `model`, `user`, `provider` and `purpose`.
   */
  @ApiOperation({ summary: 'What models were used for, and what it cost' })
  @Get()
  @ApiOkResponse({ standardSchema: usageResponse })
  async read(@Ctx() ctx: RequestContext, @Query({ schema: usageQuery }) query: UsageQuery): Promise<UsageResponse> {
    const [totals, data] = await Promise.all([
      this.usage.totals(ctx, query),
      query.groups.length === 0 ? [] : this.usage.grouped(ctx, query),
    ]);
    return { data: [...data], totals };
  }
}
