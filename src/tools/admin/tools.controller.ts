import type { RequestContext } from '#platform/context';
import {
  assertIfMatch,
  Creates,
  Ctx,
  decodeCursor,
  idPosition,
  idSchema,
  IfMatch,
  type ListQuery,
  listQuery,
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
  type CreateToolBody,
  createToolBody,
  type PatchToolBody,
  patchToolBody,
  toNewTool,
  type ToolResponse,
  toolResponse,
  toToolResponse,
  withChange,
} from './tool.dto.js';
import { ToolAdminService } from './tool-admin.service.js';

@ApiTags('tools')
@ApiBearerAuth('bearer')
@Controller('api/admin/tools')
@RequirePermission('tools.read')
export class ToolsController {
  constructor(private readonly tools: ToolAdminService) {}

  @ApiOperation({ summary: 'List tools, newest first' })
  @Get()
  @ApiOkResponse({ standardSchema: pageSchema(toolResponse) })
  async list(@Ctx() ctx: RequestContext, @Query({ schema: listQuery }) query: ListQuery): Promise<Page<ToolResponse>> {
    const before = decodeCursor(ctx, query.cursor, idPosition)?.[0] ?? null;
    const rows = await this.tools.list(ctx, before, query.limit + 1);
    return toPage(ctx, rows, { limit: query.limit, map: toToolResponse, position: (tool) => [tool.id] });
  }

  /** Its secret is a credential, named by `credential_id`. Give it to agents by their `tool_ids`. */
  @ApiOperation({ summary: 'Make an HTTP tool; what its server wants for a key is a credential' })
  @Post()
  @Creates()
  @RequirePermission('tools.write')
  @ApiCreatedResponse({ standardSchema: toolResponse })
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createToolBody }) body: CreateToolBody,
  ): Promise<ToolResponse> {
    return toToolResponse(await this.tools.create(ctx, toNewTool(body)));
  }

  @ApiOperation({ summary: 'Read a tool' })
  @Get(':id')
  @ApiOkResponse({ standardSchema: toolResponse })
  async get(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<ToolResponse> {
    return toToolResponse(await this.tools.get(ctx, id));
  }

  /** The key stays. */
  @ApiOperation({ summary: 'Change a tool; the next turn sees it' })
  @Patch(':id')
  @RequirePermission('tools.write')
  @ApiOkResponse({ standardSchema: toolResponse })
  async patch(
    @Ctx() ctx: RequestContext,
    @Param('id', { schema: idSchema }) id: string,
    @Body({ schema: patchToolBody }) body: PatchToolBody,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<ToolResponse> {
    const updated = await this.tools.update(ctx, id, (current) => {
      assertIfMatch(ifMatch, toToolResponse(current));
      return withChange(current, body);
    });
    return toToolResponse(updated);
  }

  @ApiOperation({ summary: 'Delete a tool; agents lose it' })
  @Delete(':id')
  @HttpCode(204)
  @RequirePermission('tools.write')
  @ApiNoContentResponse()
  async delete(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<void> {
    await this.tools.delete(ctx, id);
  }
}
