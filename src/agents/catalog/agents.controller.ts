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
  type AgentResponse,
  agentResponse,
  type CreateAgentBody,
  createAgentBody,
  type PatchAgentBody,
  patchAgentBody,
  toAgentResponse,
  toNewAgent,
  withChange,
} from './agent.dto.js';
import { AgentService } from './agent.service.js';

@ApiTags('agents')
@ApiBearerAuth('bearer')
@Controller('api/admin/agents')
@RequirePermission('agents.read')
export class AgentsController {
  constructor(private readonly agents: AgentService) {}

  @ApiOperation({ summary: 'List agents, newest first' })
  @Get()
  @ApiOkResponse({ standardSchema: pageSchema(agentResponse) })
  async list(@Ctx() ctx: RequestContext, @Query({ schema: listQuery }) query: ListQuery): Promise<Page<AgentResponse>> {
    const before = decodeCursor(ctx, query.cursor, idPosition)?.[0] ?? null;
    const rows = await this.agents.list(ctx, before, query.limit + 1);
    return toPage(ctx, rows, { limit: query.limit, map: toAgentResponse, position: (agent) => [agent.id] });
  }

  /**
   * A `knowledge` agent answers from the documents of its knowledge bases, of all when it names none. Messages are routed by
   * description and examples.
   */
  @ApiOperation({ summary: 'Make an agent: it answers from its knowledge bases or with its tools' })
  @Post()
  @Creates()
  @RequirePermission('agents.write')
  @ApiCreatedResponse({ standardSchema: agentResponse })
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createAgentBody }) body: CreateAgentBody,
  ): Promise<AgentResponse> {
    return toAgentResponse(await this.agents.create(ctx, toNewAgent(body)));
  }

  @ApiOperation({ summary: 'Read an agent' })
  @Get(':id')
  @ApiOkResponse({ standardSchema: agentResponse })
  async get(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<AgentResponse> {
    return toAgentResponse(await this.agents.get(ctx, id));
  }

  @ApiOperation({ summary: 'Change an agent; the next turn sees it' })
  @Patch(':id')
  @RequirePermission('agents.write')
  @ApiOkResponse({ standardSchema: agentResponse })
  async patch(
    @Ctx() ctx: RequestContext,
    @Param('id', { schema: idSchema }) id: string,
    @Body({ schema: patchAgentBody }) body: PatchAgentBody,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<AgentResponse> {
    const updated = await this.agents.update(ctx, id, (current) => {
      assertIfMatch(ifMatch, toAgentResponse(current));
      return withChange(current, body);
    });
    return toAgentResponse(updated);
  }

  @ApiOperation({ summary: 'Delete an agent; its conversations stay' })
  @Delete(':id')
  @HttpCode(204)
  @RequirePermission('agents.write')
  @ApiNoContentResponse()
  async delete(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<void> {
    await this.agents.delete(ctx, id);
  }
}
