import type { RequestContext } from '#platform/context';
import {
  assertIfMatch,
  Creates,
  Ctx,
  decodeCursor,
  idSchema,
  IfMatch,
  type Page,
  pageSchema,
  RequirePermission,
  toPage,
} from '#platform/http';
import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
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

@ApiTags('users')
@ApiBearerAuth('bearer')
@Controller('api/admin/users')
@RequirePermission('users.read')
export class UsersController {
  constructor(private readonly users: UserService) {}

  @ApiOperation({ summary: 'List people, newest first unless told otherwise' })
  @Get()
  @ApiOkResponse({ standardSchema: pageSchema(userResponse) })
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

  @ApiOperation({ summary: 'Make a user who can sign in' })
  @Post()
  @Creates()
  @RequirePermission('users.write')
  @ApiCreatedResponse({ standardSchema: userResponse })
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createUserBody }) body: CreateUserBody,
  ): Promise<UserResponse> {
    return toUserResponse(await this.users.create(ctx, body));
  }

  @ApiOperation({ summary: 'Read a user' })
  @Get(':id')
  @ApiOkResponse({ standardSchema: userResponse })
  async get(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<UserResponse> {
    return toUserResponse(await this.users.get(ctx, id));
  }

  @ApiOperation({ summary: 'Rename, disable or re-enable a user, or change role and persona' })
  @Patch(':id')
  @RequirePermission('users.write')
  @ApiOkResponse({ standardSchema: userResponse })
  async patch(
    @Ctx() ctx: RequestContext,
    @Param('id', { schema: idSchema }) id: string,
    @Body({ schema: patchUserBody }) body: PatchUserBody,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<UserResponse> {
    const updated = await this.users.update(ctx, id, body, (current) =>
      assertIfMatch(ifMatch, toUserResponse(current)),
    );
    return toUserResponse(updated);
  }

  @ApiOperation({ summary: 'Delete a user; what they wrote is left to erase' })
  @Delete(':id')
  @HttpCode(204)
  @RequirePermission('users.write')
  @ApiNoContentResponse()
  async delete(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<void> {
    await this.users.delete(ctx, id);
  }
}
