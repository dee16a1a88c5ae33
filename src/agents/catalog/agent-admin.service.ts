import type { RequestContext, TenantScope } from '#platform/context';
import { newId, type TenantTx, UnitOfWork } from '#platform/database';
import { ConflictError, InvalidInputError, NotFoundError } from '#platform/errors';
import { AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { AgentRepository } from './agent.repository.js';
import type { AgentDefinition } from './agent.types.js';
import { templateFault } from './answer-template.js';

/** An agent as its tenant's admins write it, enabled or not. */
export type AgentDraft = Omit<AgentDefinition, 'id' | 'tools'> & {
  /** In the order in which they are offered. */
  readonly toolIds: readonly string[];
  readonly enabled: boolean;
  /** Agents are offered in ascending order. */
  readonly position: number;
};

export interface StoredAgent extends AgentDraft {
  readonly id: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const COLUMNS = `a.id, a.key, a.kind, a.name, a.description, a.instructions, a.answer_template AS "answerTemplate", a.examples,
  a.personas, a.knowledge_base_ids AS "knowledgeBaseIds", a.settings, a.enabled, a.position,
  a.created_at AS "createdAt", a.updated_at AS "updatedAt",
  ARRAY(SELECT l.tool_id FROM app.agent_tool l WHERE l.tenant_id = a.tenant_id AND l.agent_id = a.id
    ORDER BY l.position) AS "toolIds"`;

/** The tenant's agents as its admins manage them. Each change shows in the next turn. */
@Injectable()
export class AgentAdminService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly directory: AgentRepository,
    private readonly audit: AuditService,
  ) {}

  /** Newest first. @param before id of the last agent of the previous page */
  async list(scope: TenantScope, before: string | null, limit: number): Promise<StoredAgent[]> {
    return this.unitOfWork.query<StoredAgent>(
      scope,
      `SELECT ${COLUMNS} FROM app.agent a WHERE a.tenant_id = $1 AND ($2::uuid IS NULL OR a.id < $2)
       ORDER BY a.id DESC LIMIT $3`,
      [scope.tenantId, before, limit],
    );
  }

  /** @throws NotFoundError */
  async get(scope: TenantScope, id: string): Promise<StoredAgent> {
    return this.unitOfWork.run(scope, (tx) => read(tx, id));
  }

  /** @throws ConflictError when the key is taken, InvalidInputError when a template, tool or knowledge base does not fit */
  async create(ctx: RequestContext, draft: AgentDraft): Promise<StoredAgent> {
    const id = newId();
    const created = await this.unitOfWork.run(ctx, async (tx) => {
      await check(tx, draft);
      const inserted = await tx.execute(
        `INSERT INTO app.agent (tenant_id, id, key, kind, name, description, instructions, answer_template, examples,
           personas, knowledge_base_ids, settings, enabled, position)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (tenant_id, key) DO NOTHING`,
        [ctx.tenantId, id, draft.key, draft.kind, ...written(draft)],
      );
      if (inserted === 0) throw new ConflictError(`There is an agent "${draft.key}" already`, { field: 'key' });
      await linkTools(tx, id, draft.toolIds);
      await this.audit.record(tx, ctx, { action: 'agent.created', targetType: 'agent', targetId: id });
      return read(tx, id);
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
      await tx.query('SELECT 1 FROM app.agent WHERE tenant_id = $1 AND id = $2 FOR UPDATE', [ctx.tenantId, id]);
      const draft = change(await read(tx, id));
      await check(tx, draft);
      await tx.execute(
        `UPDATE app.agent SET name = $3, description = $4, instructions = $5, answer_template = $6, examples = $7,
           personas = $8, knowledge_base_ids = $9, settings = $10, enabled = $11, position = $12, updated_at = now()
         WHERE tenant_id = $1 AND id = $2`,
        [ctx.tenantId, id, ...written(draft)],
      );
      await tx.execute('DELETE FROM app.agent_tool WHERE tenant_id = $1 AND agent_id = $2', [ctx.tenantId, id]);
      await linkTools(tx, id, draft.toolIds);
      await this.audit.record(tx, ctx, { action: 'agent.updated', targetType: 'agent', targetId: id });
      return read(tx, id);
    });
    this.directory.invalidate(ctx.tenantId);
    return updated;
  }

  /** Its conversations stay. @throws NotFoundError */
  async delete(ctx: RequestContext, id: string): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const deleted = await tx.execute('DELETE FROM app.agent WHERE tenant_id = $1 AND id = $2', [ctx.tenantId, id]);
      if (deleted === 0) throw new NotFoundError();
      await this.audit.record(tx, ctx, { action: 'agent.deleted', targetType: 'agent', targetId: id });
    });
    this.directory.invalidate(ctx.tenantId);
  }
}

async function read(tx: TenantTx, id: string): Promise<StoredAgent> {
  const [agent] = await tx.query<StoredAgent>(
    `SELECT ${COLUMNS} FROM app.agent a WHERE a.tenant_id = $1 AND a.id = $2`,
    [tx.tenantId, id],
  );
  if (agent === undefined) throw new NotFoundError();
  return agent;
}

/** Every reference is the tenant's own: the arrays have no foreign key that would say so. */
async function check(tx: TenantTx, draft: AgentDraft): Promise<void> {
  const fault = draft.answerTemplate === null ? null : templateFault(draft.answerTemplate);
  if (fault !== null) throw new InvalidInputError(`answer_template: ${fault}`, { field: 'answer_template' });
  const [unknown] = await tx.query<{ tools: string[]; bases: string[] }>(
    `SELECT
       ARRAY(SELECT wanted FROM unnest($2::uuid[]) AS wanted WHERE NOT EXISTS (
         SELECT 1 FROM app.tool t WHERE t.tenant_id = $1 AND t.id = wanted)) AS tools,
       ARRAY(SELECT wanted FROM unnest($3::uuid[]) AS wanted WHERE NOT EXISTS (
         SELECT 1 FROM app.knowledge_base b WHERE b.tenant_id = $1 AND b.id = wanted)) AS bases`,
    [tx.tenantId, draft.toolIds, draft.knowledgeBaseIds],
  );
  if (unknown?.tools[0] !== undefined)
    throw new InvalidInputError(`tool_ids: there is no tool ${unknown.tools[0]}`, { field: 'tool_ids' });
  if (unknown?.bases[0] !== undefined)
    throw new InvalidInputError(`knowledge_base_ids: there is no knowledge base ${unknown.bases[0]}`, {
      field: 'knowledge_base_ids',
    });
}

function written(draft: AgentDraft): unknown[] {
  return [
    draft.name,
    draft.description,
    draft.instructions,
    draft.answerTemplate,
    draft.examples,
    draft.personas,
    draft.knowledgeBaseIds,
    JSON.stringify(draft.settings),
    draft.enabled,
    draft.position,
  ];
}

async function linkTools(tx: TenantTx, agentId: string, toolIds: readonly string[]): Promise<void> {
  if (toolIds.length === 0) return;
  await tx.execute(
    `INSERT INTO app.agent_tool (tenant_id, agent_id, tool_id, position)
     SELECT $1, $2, tool_id, place FROM unnest($3::uuid[]) WITH ORDINALITY AS t (tool_id, place)
     ON CONFLICT DO NOTHING`,
    [tx.tenantId, agentId, toolIds],
  );
}
