import { UserService } from '#auth';
import type { RequestContext } from '#platform/context';
import { ForbiddenError, NotFoundError } from '#platform/errors';
import { Ctx, Id, RequirePermission } from '#platform/http';
import { Controller, Get, HttpCode, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { type JobResponse, jobResponse, toJobResponse } from '../jobs/job.dto.js';
import { JobService } from '../jobs/job.service.js';
import { sendArchive } from '../jobs/send-archive.js';

/** What there is of one person: taken out as one archive, or taken away; by an admin, or by the person. */
@ApiTags('users')
@ApiBearerAuth('bearer')
@Controller('api')
@RequirePermission('chat')
export class UserDataController {
  constructor(
    private readonly users: UserService,
    private readonly jobs: JobService,
  ) {}

  @ApiOperation({ summary: 'Export what there is of a user' })
  @Post('admin/users/:id/export')
  @HttpCode(202)
  @RequirePermission('users.write')
  @ApiAcceptedResponse({ standardSchema: jobResponse })
  async exportUser(@Ctx() ctx: RequestContext, @Id() id: string): Promise<JobResponse> {
    await this.users.assertAuthor(ctx, id);
    return toJobResponse(await this.jobs.ask(ctx, 'user.export', id));
  }

  /** For good: the user is signed out and disabled at once. Also one who was deleted; not the last admin (409). */
  @ApiOperation({ summary: 'Erase a user with their conversations and documents' })
  @Post('admin/users/:id/erase')
  @HttpCode(202)
  @RequirePermission('users.write')
  @ApiAcceptedResponse({ standardSchema: jobResponse })
  async eraseUser(@Ctx() ctx: RequestContext, @Id() id: string): Promise<JobResponse> {
    await this.users.shutOut(ctx, id);
    return toJobResponse(await this.jobs.ask(ctx, 'user.erase', id));
  }

  @ApiOperation({ summary: 'Export what there is of oneself' })
  @Post(':tenant/me/export')
  @HttpCode(202)
  @ApiAcceptedResponse({ standardSchema: jobResponse })
  async exportMe(@Ctx() ctx: RequestContext): Promise<JobResponse> {
    return toJobResponse(await this.jobs.ask(ctx, 'user.export', ctx.principal.id));
  }

  /** For good, and at once: one is signed out. Staff are erased by an admin. */
  @ApiOperation({ summary: 'Erase oneself' })
  @Post(':tenant/me/erase')
  @HttpCode(202)
  @ApiAcceptedResponse({ standardSchema: jobResponse })
  async eraseMe(@Ctx() ctx: RequestContext): Promise<JobResponse> {
    const { id, role } = ctx.principal;
    if (role !== 'end_user' && role !== 'visitor') throw new ForbiddenError('Staff are erased by an admin');
    await this.users.update(ctx, id, { disabled: true });
    return toJobResponse(await this.jobs.ask(ctx, 'user.erase', id));
  }

  @ApiOperation({ summary: 'Read one’s own export' })
  @Get(':tenant/me/jobs/:id')
  @ApiOkResponse({ standardSchema: jobResponse })
  async ownJob(@Ctx() ctx: RequestContext, @Id() id: string): Promise<JobResponse> {
    return toJobResponse(await this.own(ctx, id));
  }

  @ApiOperation({ summary: 'Download one’s own export (zip)' })
  @Get(':tenant/me/jobs/:id/file')
  @ApiProduces('application/zip')
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  async ownFile(@Ctx() ctx: RequestContext, @Id() id: string, @Res() response: Response): Promise<void> {
    await this.own(ctx, id);
    await sendArchive(response, id, await this.jobs.file(ctx, id));
  }

  private async own(ctx: RequestContext, id: string) {
    const job = await this.jobs.get(ctx, id);
    if (job.createdBy !== ctx.principal.id || job.targetId !== ctx.principal.id) throw new NotFoundError();
    return job;
  }
}
