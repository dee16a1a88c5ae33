import type { TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import type { Feature } from '#platform/http';
import { Injectable } from '@nestjs/common';
import { isEntitled } from '#tenants';
import { SEARCH_KNOWLEDGE } from '#rag';
import { builtinKeyOf, isEntitledToTool, type ToolDefinition } from '#tools';
import { In, type QueryDeepPartialEntity } from 'typeorm';
import { AgentEntity } from './agent.entity.js';
import { AgentToolEntity } from './agent-tool.entity.js';
import { type AgentDefinition, type AgentDirectory, type AgentKind, FEATURE_OF_KIND } from './agent.types.js';

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
  readonly entitled: Readonly<Record<'agents' | 'tools' | 'features', string[] | null>> | null;
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
    (SELECT jsonb_build_object('agents', e.agents, 'tools', e.tools, 'features', e.features) FROM app.entitlement e WHERE e.tenant_id = $1) AS entitled
  FROM app.agent a
  WHERE a.tenant_id = $1 AND a.enabled
  ORDER BY a.position, a.key`;

/** The rows of agents and of the tools that they were given. */
@Injectable()
export class AgentRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** Everything of the tenant that a turn needs: of agents and tools those that it is entitled to. */
  async directory(scope: TenantScope): Promise<AgentDirectory> {
    const rows = await this.work.query<AgentRow>(scope, DIRECTORY, [scope.tenantId], 'agents_directory');
    const { agents = null, features = null, tools = null } = rows[0]?.entitled ?? {};
    const has = (feature: Feature | undefined) => feature === undefined || isEntitled(features, [feature]);
    const entitled = rows
      .filter(({ key, kind }) => isEntitled(agents, [key, kind]) && has(FEATURE_OF_KIND[kind]))
      .map(toAgent);
    return {
      agents: entitled.map((agent) => ({
        ...agent,
        tools: agent.tools.filter((tool) => isEntitledToTool(tools, tool) && has(featureOfTool(tool))),
      })),
      entitlements: tools ?? [],
    };
  }

  /** Newest first. @param before id of the last agent of the previous page */
  list(scope: TenantScope, before: string | null, limit: number): Promise<StoredAgent[]> {
    return this.work.run(scope, async (tx) => withTools(tx, await tx.rows(AgentEntity).newest(before, limit)));
  }

  async find(tx: TenantTx, id: string, lock?: 'for update'): Promise<StoredAgent | undefined> {
    const agent = await tx.rows(AgentEntity).findOne({ id }, lock);
    return agent === null ? undefined : (await withTools(tx, [agent]))[0];
  }

  /** As `find`; nobody else changes it before the transaction ends. */
  lock(tx: TenantTx, id: string): Promise<StoredAgent | undefined> {
    return this.find(tx, id, 'for update');
  }

  /** @returns null when the key is taken; then nothing was written */
  async insert(tx: TenantTx, id: string, { toolIds, ...draft }: AgentDraft): Promise<StoredAgent | null> {
    const agent = await tx.rows(AgentEntity).insertNew({ id, ...draft });
    if (agent === null) return null;
    return { ...agent, toolIds: await linkTools(tx, id, toolIds) };
  }

  /** Key and kind stay: conversations and routes name them. */
  async update(tx: TenantTx, id: string, draft: AgentDraft): Promise<void> {
    await tx.rows(AgentEntity).update({ id }, changeable(draft));
    await tx.rows(AgentToolEntity).delete({ agentId: id });
    await linkTools(tx, id, draft.toolIds);
  }

  /** @returns false when there is none */
  async delete(tx: TenantTx, id: string): Promise<boolean> {
    return (await tx.rows(AgentEntity).delete({ id })) > 0;
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

function featureOfTool(tool: ToolDefinition): Feature | undefined {
  return tool.kind === 'builtin' && builtinKeyOf(tool) === SEARCH_KNOWLEDGE ? 'knowledge' : undefined;
}

/** Of a draft, or of a row that became one, the columns that an update writes. */
function changeable(draft: AgentDraft): QueryDeepPartialEntity<AgentEntity> {
  const { answerTemplate, description, enabled, examples, instructions, knowledgeBaseIds, name, personas } = draft;
  const { position, settings } = draft;
  const texts = { name, description, instructions, answerTemplate, settings, enabled, position };
  return { ...texts, examples, personas, knowledgeBaseIds } as QueryDeepPartialEntity<AgentEntity>;
}

async function withTools(tx: TenantTx, agents: readonly AgentEntity[]): Promise<StoredAgent[]> {
  if (agents.length === 0) return [];
  const where = { agentId: In(agents.map(({ id }) => id)) };
  const links = await tx.rows(AgentToolEntity).find({ where, order: { position: 'ASC' } });
  return agents.map((agent) => ({
    ...agent,
    toolIds: links.filter(({ agentId }) => agentId === agent.id).map(({ toolId }) => toolId),
  }));
}

async function linkTools(tx: TenantTx, agentId: string, wanted: readonly string[]): Promise<readonly string[]> {
  const toolIds = [...new Set(wanted)];
  await tx.rows(AgentToolEntity).insertAll(toolIds.map((toolId, position) => ({ agentId, toolId, position })));
  return toolIds;
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
