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
  SignedIn,
  toPage,
} from '#platform/http';
import { Controller, Delete, Get, HttpCode, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SessionDirectory } from './session-directory.js';
import { type SessionResponse, sessionResponse, toSessionResponse } from './session.dto.js';

@ApiTags('auth')
@ApiBearerAuth('bearer')
@Controller('api/auth/sessions')
@SignedIn()
export class OwnSessionsController {
  constructor(private readonly sessions: SessionDirectory) {}

  @ApiOperation({ summary: 'Where you are signed in, newest first' })
  @Get()
  @ApiOkResponse({ standardSchema: pageSchema(sessionResponse) })
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<SessionResponse>> {
    const before = decodeCursor(ctx, query.cursor, idPosition)?.[0] ?? null;
    const { limit } = query;
    const rows = await this.sessions.list(ctx, { before, principalId: ctx.principal.id, limit: limit + 1 });
    return toPage(ctx, rows, { limit, map: (row) => toSessionResponse(ctx, row), position: (row) => [row.id] });
  }

  @ApiOperation({ summary: 'Sign out everywhere else' })
  @Delete()
  @HttpCode(204)
  @ApiNoContentResponse()
  async endOthers(@Ctx() ctx: RequestContext): Promise<void> {
    await this.sessions.endAll(ctx, ctx.principal.id, ctx.principal.sessionId);
  }

  @ApiOperation({ summary: 'Sign out in one place' })
  @Delete(':id')
  @HttpCode(204)
  @ApiNoContentResponse()
  async end(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<void> {
    await this.sessions.end(ctx, id, ctx.principal.id);
  }
}
