import type { RequestContext } from '#platform/context';
import {
  AdminResource,
  Ctx,
  decodeCursor,
  Deletes,
  Id,
  idPosition,
  Lists,
  type Page,
  RequirePermission,
  toPage,
} from '#platform/http';
import { Delete, HttpCode, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation } from '@nestjs/swagger';
import { SessionDirectory } from './session-directory.js';
import {
  type EndSessionsQuery,
  endSessionsQuery,
  type ListSessionsQuery,
  listSessionsQuery,
  type SessionResponse,
  sessionResponse,
  toSessionResponse,
} from './session.dto.js';

@AdminResource('sessions', 'users.read')
export class SessionsController {
  constructor(private readonly sessions: SessionDirectory) {}

  @Lists('List the sessions that hold, of everybody or of one user, newest first', sessionResponse)
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listSessionsQuery }) query: ListSessionsQuery,
  ): Promise<Page<SessionResponse>> {
    const before = decodeCursor(ctx, query.cursor, idPosition)?.[0] ?? null;
    const { limit, user_id: principalId = null } = query;
    const rows = await this.sessions.list(ctx, { before, principalId, limit: limit + 1 });
    return toPage(ctx, rows, { limit, map: (row) => toSessionResponse(ctx, row), position: (row) => [row.id] });
  }

  @ApiOperation({ summary: 'End every session of a user, with their sockets' })
  @Delete()
  @HttpCode(204)
  @RequirePermission('users.write')
  @ApiNoContentResponse()
  async endAll(
    @Ctx() ctx: RequestContext,
    @Query({ schema: endSessionsQuery }) query: EndSessionsQuery,
  ): Promise<void> {
    await this.sessions.endAll(ctx, query.user_id, null);
  }

  @Deletes('End a session, with its sockets')
  @RequirePermission('users.write')
  async end(@Ctx() ctx: RequestContext, @Id() id: string): Promise<void> {
    await this.sessions.end(ctx, id, null);
  }
}
