import type { RequestContext } from '#platform/context';
import {
  AdminResource,
  assertIfMatch,
  Changes,
  Ctx,
  Deletes,
  Id,
  IfMatch,
  type ListQuery,
  listQuery,
  Lists,
  Makes,
  type Page,
  pageById,
  Reads,
  RequirePermission,
} from '#platform/http';
import { Body, Query } from '@nestjs/common';
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

@AdminResource('tools', 'tools.read')
export class ToolsController {
  constructor(private readonly tools: ToolAdminService) {}

  @Lists('List tools, newest first', toolResponse)
  async list(@Ctx() ctx: RequestContext, @Query({ schema: listQuery }) query: ListQuery): Promise<Page<ToolResponse>> {
    return pageById(ctx, query, {
      load: (before, limit) => this.tools.list(ctx, before, limit),
      map: toToolResponse,
      idOf: (tool) => tool.id,
    });
  }

  /** Its secret is a credential, named by `credential_id`. Give it to agents by their `tool_ids`. */
  @Makes('Make an HTTP tool; what its server wants for a key is a credential', toolResponse)
  @RequirePermission('tools.write')
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createToolBody }) body: CreateToolBody,
  ): Promise<ToolResponse> {
    return toToolResponse(await this.tools.create(ctx, toNewTool(body)));
  }

  @Reads('Read a tool', toolResponse)
  async get(@Ctx() ctx: RequestContext, @Id() id: string): Promise<ToolResponse> {
    return toToolResponse(await this.tools.get(ctx, id));
  }

  /** The key stays. */
  @Changes('Change a tool; the next turn sees it', toolResponse)
  @RequirePermission('tools.write')
  async patch(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: patchToolBody }) body: PatchToolBody,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<ToolResponse> {
    const updated = await this.tools.update(ctx, id, (current) => {
      assertIfMatch(ifMatch, toToolResponse(current));
      return withChange(current, body);
    });
    return toToolResponse(updated);
  }

  @Deletes('Delete a tool; agents lose it')
  @RequirePermission('tools.write')
  async delete(@Ctx() ctx: RequestContext, @Id() id: string): Promise<void> {
    await this.tools.delete(ctx, id);
  }
}
