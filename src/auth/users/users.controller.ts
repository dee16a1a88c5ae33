import type { RequestContext } from '#platform/context';
import {
  AdminResource,
  assertIfMatch,
  Changes,
  CountsAgainst,
  Ctx,
  decodeCursor,
  Deletes,
  Id,
  IfMatch,
  Lists,
  Makes,
  type Page,
  Reads,
  RequirePermission,
  toPage,
} from '#platform/http';
import { Body, Query } from '@nestjs/common';
import {
  type CreateUserBody,
  createUserBody,
  type ListUsersQuery,
  listUsersQuery,
  type PatchUserBody,
  patchUserBody,
  toUserResponse,
  userPosition,
  type UserResponse,
  userResponse,
} from './user.dto.js';
import { UserService } from './user.service.js';

@AdminResource('users', 'users.read')
export class UsersController {
  constructor(private readonly users: UserService) {}

  @Lists('List people, newest first unless told otherwise', userResponse)
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listUsersQuery }) query: ListUsersQuery,
  ): Promise<Page<UserResponse>> {
    const { kind = null, limit, q = null, role = null, sort, status = null } = query;
    const after = decodeCursor(ctx, query.cursor, userPosition);
    const rows = await this.users.list(ctx, { kind, role, status, q, sort, after, limit: limit + 1 });
    return toPage(ctx, rows, {
      limit,
      map: toUserResponse,
      position: (user) => [user.sortedBy, user.id],
    });
  }

  @Makes('Make a user who can sign in', userResponse)
  @RequirePermission('users.write')
  @CountsAgainst('users')
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createUserBody }) body: CreateUserBody,
  ): Promise<UserResponse> {
    return toUserResponse(await this.users.create(ctx, body));
  }

  @Reads('Read a user', userResponse)
  async get(@Ctx() ctx: RequestContext, @Id() id: string): Promise<UserResponse> {
    return toUserResponse(await this.users.get(ctx, id));
  }

  @Changes('Rename, disable or re-enable a user, or change role and persona', userResponse)
  @RequirePermission('users.write')
  @CountsAgainst('users')
  async patch(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: patchUserBody }) body: PatchUserBody,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<UserResponse> {
    const updated = await this.users.update(ctx, id, body, (current) =>
      assertIfMatch(ifMatch, toUserResponse(current)),
    );
    return toUserResponse(updated);
  }

  @Deletes('Delete a user; what they wrote is left to erase')
  @RequirePermission('users.write')
  async delete(@Ctx() ctx: RequestContext, @Id() id: string): Promise<void> {
    await this.users.delete(ctx, id);
  }
}
