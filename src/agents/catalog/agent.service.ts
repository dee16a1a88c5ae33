import type { RequestContext, TenantScope } from '#platform/context';
import { newId, UnitOfWork } from '#platform/database';
import { InvalidInputError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { TenantCreated } from '#tenants';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { AgentRepository } from './agent.repository.js';
import { type AgentDefinition, visibleAgents } from './agent.types.js';
import { templateFault } from './answer-template.js';

export type NewAgent = Omit<AgentDefinition, 'id' | 'tools'> & {
  /** In the order in which they are offered. */
  readonly toolIds: readonly string[];
};

/** What a caller may know of an agent. */
export type AgentView = Pick<AgentDefinition, 'key' | 'kind' | 'name' | 'description'>;

/** What every new tenant starts with, so that its first document can be asked about. Its admins may change or delete it. */
const FIRST_AGENT: NewAgent = {
  key: 'support',
  kind: 'knowledge',
  name: 'Support',
  description: 'Answers questions from the documents of all knowledge bases.',
  instructions: '',
  answerTemplate: null,
  examples: [],
  personas: [],
  knowledgeBaseIds: [],
  settings: {},
  toolIds: [],
};

/** A tenant's agents: what is written. Turns read them through the repository's memory, which is kept true from here. */
@Injectable()
export class AgentService implements OnModuleInit, OnModuleDestroy {
  private listening: (() => void)[] = [];

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly directory: AgentRepository,
    private readonly events: EventBus,
  ) {}

  onModuleInit(): void {
    this.listening = [
      this.events.on(TenantCreated, async ({ tenantId }) => void (await this.ensure({ tenantId }, [FIRST_AGENT]))),
    ];
  }

  onModuleDestroy(): void {
    for (const stop of this.listening.splice(0)) stop();
  }

  /** The agents that this caller may use, in their order. */
  async visibleTo(ctx: RequestContext): Promise<readonly AgentView[]> {
    const { agents } = await this.directory.directory(ctx);
    return visibleAgents(agents, ctx.principal).map(({ description, key, kind, name }) => ({
      key,
      kind,
      name,
      description,
    }));
  }

  /**
   * Makes the agents whose key the tenant does not have, each with its tools; existing ones are left exactly as they are.
   * All of them are there afterwards, or none.
   * @param agents in the order in which they are offered
   * @returns how many were made
   * @throws InvalidInputError when an answer template cannot be read
   */
  async ensure(scope: TenantScope, agents: readonly NewAgent[]): Promise<number> {
    for (const { answerTemplate, key } of agents) {
      const fault = answerTemplate === null ? null : templateFault(answerTemplate);
      if (fault !== null)
        throw new InvalidInputError(`answer_template of ${key}: ${fault}`, { field: 'answer_template' });
    }
    const made = await this.unitOfWork.run(scope, async (tx) => {
      let count = 0;
      for (const [position, agent] of agents.entries()) {
        const id = newId();
        const inserted = await tx.execute(
          `INSERT INTO app.agent (tenant_id, id, key, kind, name, description, instructions, answer_template, examples,
             personas, knowledge_base_ids, settings, position)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (tenant_id, key) DO NOTHING`,
          [
            scope.tenantId,
            id,
            agent.key,
            agent.kind,
            agent.name,
            agent.description,
            agent.instructions,
            agent.answerTemplate,
            agent.examples,
            agent.personas,
            agent.knowledgeBaseIds,
            JSON.stringify(agent.settings),
            position,
          ],
        );
        if (inserted === 0) continue;
        count += 1;
        await tx.execute(
          `INSERT INTO app.agent_tool (tenant_id, agent_id, tool_id, position)
           SELECT $1, $2, tool_id, place FROM unnest($3::uuid[]) WITH ORDINALITY AS t (tool_id, place)`,
          [scope.tenantId, id, agent.toolIds],
        );
      }
      return count;
    });
    if (made > 0) this.directory.invalidate(scope.tenantId);
    return made;
  }
}
