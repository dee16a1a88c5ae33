import { Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { RequestContext } from '#platform/context';
import { AdminResource, Ctx } from '#platform/http';
import { type Analytics, type AnalyticsQuery, analyticsQuery, analyticsResponse } from './analytics.dto.js';
import { AnalyticsRepository } from './analytics.repository.js';

@AdminResource('analytics', 'usage.read')
export class AnalyticsController {
  constructor(private readonly analytics: AnalyticsRepository) {}

  @ApiOperation({ summary: 'How conversations went: answers, people, ratings, and what was not answered' })
  @Get()
  @ApiOkResponse({ standardSchema: analyticsResponse })
  read(@Ctx() ctx: RequestContext, @Query({ schema: analyticsQuery }) query: AnalyticsQuery): Promise<Analytics> {
    return this.analytics.read(ctx, query);
  }
}
