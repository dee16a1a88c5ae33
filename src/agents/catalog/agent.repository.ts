import type { TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { isEntitled } from '#tenants';
import { isEntitledToTool, type ToolDefinition } from '#tools';
import type { AgentDefinition, AgentDirectory, AgentKind } from './agent.types.js';

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

interface AgentRow {
  readonly id: string;
  readonly key: string;
  readonly kind: AgentKind;
  readonly name: string;
  readonly description: string;
  readonly instructions: string;
  readonly answer_template: string | null;
  readonly examples: string[];
  readonly personas: string[];
  readonly knowledge_base_ids: string[];
  readonly languages: string[];
  readonly settings: Record<string, unknown>;
  readonly tools: ToolDefinition[];
  readonly entitled: { readonly agents: string[] | null; readonly tools: string[] | null } | null;
}

/** One statement: agents in their order, each with its enabled tools in theirs, and what the tenant is entitled to. */
const DIRECTORY = `
  SELECT a.id, a.key, a.kind, a.name, a.description, a.instructions, a.answer_template, a.examples, a.personas,
    a.knowledge_base_ids, a.settings,
    CASE WHEN a.kind = 'knowledge' THEN ARRAY(
      SELECT DISTINCT k.language FROM app.knowledge_base k
      WHERE k.tenant_id = $1 AND k.kind = 'documents'
        AND (a.knowledge_base_ids = '{}' OR k.id = ANY (a.knowledge_base_ids))
      ORDER BY 1 LIMIT 5
    ) ELSE '{}' END AS languages,
    COALESCE((
      SELECT jsonb_agg(jsonb_build_object(
        'id', t.id, 'key', t.key, 'name', t.name, 'description', t.description, 'kind', t.kind,
        'inputSchema', t.input_schema, 'idempotent', t.idempotent, 'readOnly', t.read_only,
        'personas', to_jsonb(t.personas), 'config', t.config, 'credentialId', t.credential_id) ORDER BY l.position, t.key)
      FROM app.agent_tool l
      JOIN app.tool t ON t.tenant_id = l.tenant_id AND t.id = l.tool_id
      WHERE l.tenant_id = $1 AND l.agent_id = a.id AND t.enabled AND t.kind IN ('http', 'builtin')
    ), '[]'::jsonb) AS tools,
    (SELECT jsonb_build_object('agents', e.agents, 'tools', e.tools) FROM app.entitlement e WHERE e.tenant_id = $1) AS entitled
  FROM app.agent a
  WHERE a.tenant_id = $1 AND a.enabled
  ORDER BY a.position, a.key`;

const COLUMNS = `a.id, a.key, a.kind, a.name, a.description, a.instructions, a.answer_template AS "answerTemplate", a.examples,
  a.personas, a.knowledge_base_ids AS "knowledgeBaseIds", a.settings, a.enabled, a.position,
  a.created_at AS "createdAt", a.updated_at AS "updatedAt",
  ARRAY(SELECT l.tool_id FROM app.agent_tool l WHERE l.tenant_id = a.tenant_id AND l.agent_id = a.id
    ORDER BY l.position) AS "toolIds"`;

/** The rows of agents and of the tools that they were given. */
@Injectable()
export class AgentRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** Everything of the tenant that a turn needs: of agents and tools those that it is entitled to. */
  async directory(scope: TenantScope): Promise<AgentDirectory> {
    const rows = await this.work.query<AgentRow>(scope, DIRECTORY, [scope.tenantId], 'agents_directory');
    const { agents = null, tools = null } = rows[0]?.entitled ?? {};
    const entitled = rows.filter(({ key, kind }) => isEntitled(agents, [key, kind])).map(toAgent);
    return {
      agents: entitled.map((agent) => ({
        ...agent,
        tools: agent.tools.filter((tool) => isEntitledToTool(tools, tool)),
      })),
      entitlements: tools ?? [],
    };
  }

  /** Newest first. @param before id of the last agent of the previous page */
  list(scope: TenantScope, before: string | null, limit: number): Promise<StoredAgent[]> {
    return this.work.query<StoredAgent>(
      scope,
      `SELECT ${COLUMNS} FROM app.agent a WHERE a.tenant_id = $1 AND ($2::uuid IS NULL OR a.id < $2)
       ORDER BY a.id DESC LIMIT $3`,
      [scope.tenantId, before, limit],
    );
  }

  async find(tx: TenantTx, id: string): Promise<StoredAgent | undefined> {
    const sql = `SELECT ${COLUMNS} FROM app.agent a WHERE a.tenant_id = $1 AND a.id = $2`;
    const [agent] = await tx.query<StoredAgent>(sql, [tx.tenantId, id]);
    return agent;
  }

  /** As `find`; nobody else changes it before the transaction ends. */
  async lock(tx: TenantTx, id: string): Promise<StoredAgent | undefined> {
    await tx.query('SELECT 1 FROM app.agent WHERE tenant_id = $1 AND id = $2 FOR UPDATE', [tx.tenantId, id]);
    return this.find(tx, id);
  }

  /** @returns false when the key is taken; then nothing was written */
  async insert(tx: TenantTx, id: string, draft: AgentDraft): Promise<boolean> {
    const inserted = await tx.execute(
      `INSERT INTO app.agent (tenant_id, id, key, kind, name, description, instructions, answer_template, examples,
         personas, knowledge_base_ids, settings, enabled, position)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (tenant_id, key) DO NOTHING`,
      [tx.tenantId, id, draft.key, draft.kind, ...written(draft)],
    );
    if (inserted > 0) await linkTools(tx, id, draft.toolIds);
    return inserted > 0;
  }

  /** Key and kind stay: conversations and routes name them. */
  async update(tx: TenantTx, id: string, draft: AgentDraft): Promise<void> {
    await tx.execute(
      `UPDATE app.agent SET name = $3, description = $4, instructions = $5, answer_template = $6, examples = $7,
         personas = $8, knowledge_base_ids = $9, settings = $10, enabled = $11, position = $12, updated_at = now()
       WHERE tenant_id = $1 AND id = $2`,
      [tx.tenantId, id, ...written(draft)],
    );
    await tx.execute('DELETE FROM app.agent_tool WHERE tenant_id = $1 AND agent_id = $2', [tx.tenantId, id]);
    await linkTools(tx, id, draft.toolIds);
  }

  /** @returns false when there is none */
  async delete(tx: TenantTx, id: string): Promise<boolean> {
    return (await tx.execute('DELETE FROM app.agent WHERE tenant_id = $1 AND id = $2', [tx.tenantId, id])) > 0;
  }

  /** What a draft names that the tenant does not have: the arrays have no foreign key that would say so. */
  async unknownReferences(
    tx: TenantTx,
    { knowledgeBaseIds, toolIds }: AgentDraft,
  ): Promise<{ readonly tools: readonly string[]; readonly bases: readonly string[] }> {
    const [unknown] = await tx.query<{ tools: string[]; bases: string[] }>(
      `SELECT
         ARRAY(SELECT wanted FROM unnest($2::uuid[]) AS wanted WHERE NOT EXISTS (
           SELECT 1 FROM app.tool t WHERE t.tenant_id = $1 AND t.id = wanted)) AS tools,
         ARRAY(SELECT wanted FROM unnest($3::uuid[]) AS wanted WHERE NOT EXISTS (
           SELECT 1 FROM app.knowledge_base b WHERE b.tenant_id = $1 AND b.id = wanted)) AS bases`,
      [tx.tenantId, toolIds, knowledgeBaseIds],
    );
    return unknown ?? { tools: [], bases: [] };
  }
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

function toAgent(row: AgentRow): AgentDefinition {
  return {
    id: row.id,
    key: row.key,
    kind: row.kind,
    name: row.name,
    description: row.description,
    instructions: row.instructions,
    answerTemplate: row.answer_template,
    examples: row.examples,
    personas: row.personas,
    knowledgeBaseIds: row.knowledge_base_ids,
    languages: row.languages,
    settings: row.settings,
    tools: row.tools,
  };
}
