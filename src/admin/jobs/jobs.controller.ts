import type { RequestContext } from '#platform/context';
import {
  Ctx,
  decodeCursor,
  idPosition,
  idSchema,
  type ListQuery,
  listQuery,
  type Page,
  pageSchema,
  RequirePermission,
  toPage,
} from '#platform/http';
import { Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { type JobResponse, jobResponse, toJobResponse } from './job.dto.js';
import { JobService } from './job.service.js';
import { sendArchive } from './send-archive.js';

/** Jobs that the caller's tenant asked for; those about another tenant are the platform's. */
@ApiTags('jobs')
@ApiBearerAuth('bearer')
@Controller('api/admin/jobs')
@RequirePermission('users.write')
export class JobsController {
  constructor(private readonly jobs: JobService) {}

  @ApiOperation({ summary: 'List jobs, newest first' })
  @Get()
  @ApiOkResponse({ standardSchema: pageSchema(jobResponse) })
  async list(@Ctx() ctx: RequestContext, @Query({ schema: listQuery }) query: ListQuery): Promise<Page<JobResponse>> {
    const before = decodeCursor(ctx, query.cursor, idPosition)?.[0] ?? null;
    const rows = await this.jobs.list(ctx, before, query.limit + 1);
    return toPage(ctx, rows, { limit: query.limit, map: toJobResponse, position: (job) => [job.id] });
  }

  @ApiOperation({ summary: 'Read a job: how far it is, and what it came to' })
  @Get(':id')
  @ApiOkResponse({ standardSchema: jobResponse })
  async get(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<JobResponse> {
    return toJobResponse(await this.jobs.get(ctx, id));
  }

  @ApiOperation({ summary: 'Download the archive that a job made (zip)' })
  @Get(':id/file')
  @ApiProduces('application/zip')
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  async file(
    @Ctx() ctx: RequestContext,
    @Param('id', { schema: idSchema }) id: string,
    @Res() response: Response,
  ): Promise<void> {
    await sendArchive(response, id, await this.jobs.file(ctx, id));
  }

  /** What an erasure has erased stays erased. */
  @ApiOperation({ summary: 'Stop a job' })
  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: jobResponse })
  async cancel(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<JobResponse> {
    return toJobResponse(await this.jobs.cancel(ctx, id));
  }
}
