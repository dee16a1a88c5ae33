import type { RequestContext } from '#platform/context';
import {
  Ctx,
  decodeCursor,
  Deletes,
  Id,
  idPosition,
  type ListQuery,
  listQuery,
  Lists,
  type Page,
  SignedIn,
  toPage,
} from '#platform/http';
import { Controller, Delete, HttpCode, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SessionDirectory } from './session-directory.js';
import { type SessionResponse, sessionResponse, toSessionResponse } from './session.dto.js';

@ApiTags('auth')
@ApiBearerAuth('bearer')
@Controller('api/auth/sessions')
@SignedIn()
export class OwnSessionsController {
  constructor(private readonly sessions: SessionDirectory) {}

  @Lists('Where you are signed in, newest first', sessionResponse)
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

  @Deletes('Sign out in one place')
  async end(@Ctx() ctx: RequestContext, @Id() id: string): Promise<void> {
    await this.sessions.end(ctx, id, ctx.principal.id);
  }
}
