import type { RequestContext } from '#platform/context';
import {
  AdminResource,
  Commands,
  Ctx,
  Id,
  type ListQuery,
  listQuery,
  Lists,
  type Page,
  pageById,
  Reads,
} from '#platform/http';
import { Get, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces } from '@nestjs/swagger';
import type { Response } from 'express';
import { type JobResponse, jobResponse, toJobResponse } from './job.dto.js';
import { JobService } from './job.service.js';
import { sendArchive } from './send-archive.js';

/** Jobs that the caller's tenant asked for; those about another tenant are the platform's. */
@AdminResource('jobs', 'users.write')
export class JobsController {
  constructor(private readonly jobs: JobService) {}

  @Lists('List jobs, newest first', jobResponse)
  async list(@Ctx() ctx: RequestContext, @Query({ schema: listQuery }) query: ListQuery): Promise<Page<JobResponse>> {
    return pageById(ctx, query, {
      load: (before, limit) => this.jobs.list(ctx, before, limit),
      map: toJobResponse,
      idOf: (job) => job.id,
    });
  }

  @Reads('Read a job: how far it is, and what it came to', jobResponse)
  async get(@Ctx() ctx: RequestContext, @Id() id: string): Promise<JobResponse> {
    return toJobResponse(await this.jobs.get(ctx, id));
  }

  @ApiOperation({ summary: 'Download the archive that a job made (zip)' })
  @Get(':id/file')
  @ApiProduces('application/zip')
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  async file(@Ctx() ctx: RequestContext, @Id() id: string, @Res() response: Response): Promise<void> {
    await sendArchive(response, id, await this.jobs.file(ctx, id));
  }

  /** What an erasure has erased stays erased. */
  @Commands('cancel', 'Stop a job', jobResponse)
  async cancel(@Ctx() ctx: RequestContext, @Id() id: string): Promise<JobResponse> {
    return toJobResponse(await this.jobs.cancel(ctx, id));
  }
}
