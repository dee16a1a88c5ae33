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

@AdminResource('agents', 'agents.read')
export class AgentsController {
  constructor(private readonly agents: AgentService) {}

  @Lists('List agents, newest first', agentResponse)
  async list(@Ctx() ctx: RequestContext, @Query({ schema: listQuery }) query: ListQuery): Promise<Page<AgentResponse>> {
    return pageById(ctx, query, {
      load: (before, limit) => this.agents.list(ctx, before, limit),
      map: toAgentResponse,
      idOf: (agent) => agent.id,
    });
  }

  /**
   * A `knowledge` agent answers from the documents of its knowledge bases, of all when it names none. Messages are routed by
   * description and examples.
   */
  @Makes('Make an agent: it answers from its knowledge bases or with its tools', agentResponse)
  @RequirePermission('agents.write')
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createAgentBody }) body: CreateAgentBody,
  ): Promise<AgentResponse> {
    return toAgentResponse(await this.agents.create(ctx, toNewAgent(body)));
  }

  @Reads('Read an agent', agentResponse)
  async get(@Ctx() ctx: RequestContext, @Id() id: string): Promise<AgentResponse> {
    return toAgentResponse(await this.agents.get(ctx, id));
  }

  @Changes('Change an agent; the next turn sees it', agentResponse)
  @RequirePermission('agents.write')
  async patch(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: patchAgentBody }) body: PatchAgentBody,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<AgentResponse> {
    const updated = await this.agents.update(ctx, id, (current) => {
      assertIfMatch(ifMatch, toAgentResponse(current));
      return withChange(current, body);
    });
    return toAgentResponse(updated);
  }

  @Deletes('Delete an agent; its conversations stay')
  @RequirePermission('agents.write')
  async delete(@Ctx() ctx: RequestContext, @Id() id: string): Promise<void> {
    await this.agents.delete(ctx, id);
  }
}
