import type { RequestContext, TenantScope } from '#platform/context';
import { newId, type TenantTx, UnitOfWork } from '#platform/database';
import { ConflictError, ForbiddenError, InvalidInputError, NotFoundError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { assertEnabled, AuditService, isEntitled, TenantCreated, TenantSettingsCache } from '#tenants';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { AgentDirectoryCache } from './agent-directory.cache.js';
import { type AgentDraft, AgentRepository, type StoredAgent } from './agent.repository.js';
import { type AgentDefinition, FEATURE_OF_KIND, visibleAgents } from './agent.types.js';
import { templateFault } from './answer-template.js';

export type NewAgent = Omit<AgentDraft, 'enabled' | 'position'>;

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

/** A tenant's agents: what is written, and what may be seen of them. Each change shows in the next turn. */
@Injectable()
export class AgentService implements OnModuleInit, OnModuleDestroy {
  private listening: (() => void)[] = [];

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly agents: AgentRepository,
    private readonly directory: AgentDirectoryCache,
    private readonly audit: AuditService,
    private readonly events: EventBus,
    private readonly settings: TenantSettingsCache,
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

  /** Newest first. @param before id of the last agent of the previous page */
  list(scope: TenantScope, before: string | null, limit: number): Promise<StoredAgent[]> {
    return this.agents.list(scope, before, limit);
  }

  /** @throws NotFoundError */
  get(scope: TenantScope, id: string): Promise<StoredAgent> {
    return this.unitOfWork.run(scope, async (tx) => found(await this.agents.find(tx, id)));
  }

  /**
   * @throws ForbiddenError when the tenant is not entitled to it, ConflictError when the key is taken, InvalidInputError
   *   when a template, tool or knowledge base does not fit
   */
  async create(ctx: RequestContext, draft: AgentDraft): Promise<StoredAgent> {
    const { entitlements } = await this.settings.get(ctx);
    if (!isEntitled(entitlements.agents, [draft.key, draft.kind])) {
      throw new ForbiddenError(`This tenant may not have the agent "${draft.key}": ask the operator to grant it`);
    }
    const feature = FEATURE_OF_KIND[draft.kind];
    if (feature !== undefined) assertEnabled(entitlements.features, feature);
    const id = newId();
    const created = await this.unitOfWork.run(ctx, async (tx) => {
      await this.check(tx, draft);
      const stored = await this.agents.insert(tx, id, draft);
      if (stored === null) throw new ConflictError(`There is an agent "${draft.key}" already`, { field: 'key' });
      await this.audit.recordChange(tx, ctx, 'agent', { id, before: null, after: stored });
      return stored;
    });
    this.directory.invalidate(ctx.tenantId);
    return created;
  }

  /**
   * @param change what the locked agent becomes; it may refuse (`If-Match`)
   * @throws NotFoundError, InvalidInputError
   */
  async update(ctx: RequestContext, id: string, change: (current: StoredAgent) => AgentDraft): Promise<StoredAgent> {
    const updated = await this.unitOfWork.run(ctx, async (tx) => {
      const current = found(await this.agents.lock(tx, id));
      const draft = change(current);
      await this.check(tx, draft);
      await this.agents.update(tx, id, draft);
      const stored = found(await this.agents.find(tx, id));
      await this.audit.recordChange(tx, ctx, 'agent', { id, before: current, after: stored });
      return stored;
    });
    this.directory.invalidate(ctx.tenantId);
    return updated;
  }

  /** Its conversations stay. @throws NotFoundError */
  async delete(ctx: RequestContext, id: string): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const current = found(await this.agents.lock(tx, id));
      await this.agents.delete(tx, id);
      await this.audit.recordChange(tx, ctx, 'agent', { id, before: current, after: null });
    });
    this.directory.invalidate(ctx.tenantId);
  }

  /**
   * Makes the agents whose key the tenant does not have, each with its tools; existing ones are left exactly as they are.
   * All of them are there afterwards, or none.
   * @param agents in the order in which they are offered
   * @returns how many were made
   * @throws InvalidInputError when an answer template cannot be read
   */
  async ensure(scope: TenantScope, agents: readonly NewAgent[]): Promise<number> {
    for (const agent of agents) checkTemplate(agent.answerTemplate, `answer_template of ${agent.key}`);
    const made = await this.unitOfWork.run(scope, async (tx) => {
      let count = 0;
      for (const [position, agent] of agents.entries()) {
        const made = await this.agents.insert(tx, newId(), { ...agent, enabled: true, position });
        if (made !== null) count += 1;
      }
      return count;
    });
    if (made > 0) this.directory.invalidate(scope.tenantId);
    return made;
  }

  private async check(tx: TenantTx, draft: AgentDraft): Promise<void> {
    checkTemplate(draft.answerTemplate, 'answer_template');
    const { bases, tools } = await this.agents.unknownReferences(tx, draft);
    if (tools[0] !== undefined)
      throw new InvalidInputError(`tool_ids: there is no tool ${tools[0]}`, { field: 'tool_ids' });
    if (bases[0] !== undefined)
      throw new InvalidInputError(`knowledge_base_ids: there is no knowledge base ${bases[0]}`, {
        field: 'knowledge_base_ids',
      });
  }
}

function checkTemplate(template: string | null, where: string): void {
  const fault = template === null ? null : templateFault(template);
  if (fault !== null) throw new InvalidInputError(`${where}: ${fault}`, { field: 'answer_template' });
}

function found(agent: StoredAgent | undefined): StoredAgent {
  if (agent === undefined) throw new NotFoundError();
  return agent;
}
