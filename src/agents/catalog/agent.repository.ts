import type { TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { EventBus, NewsMissed } from '#platform/events';
import { Injectable, Optional } from '@nestjs/common';
import { type ToolDefinition, ToolsChanged } from '#tools';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { AgentsChanged } from './agent.events.js';
import type { AgentDefinition, AgentDirectory, AgentKind } from './agent.types.js';

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
  readonly settings: Record<string, unknown>;
  readonly tools: ToolDefinition[];
  readonly entitlements: string[];
}

/** One statement: agents in their order, each with its enabled tools in theirs, and what the tenant is entitled to. */
const DIRECTORY = `
  SELECT a.id, a.key, a.kind, a.name, a.description, a.instructions, a.answer_template, a.examples, a.personas,
    a.knowledge_base_ids, a.settings,
    COALESCE((
      SELECT jsonb_agg(jsonb_build_object(
        'id', t.id, 'key', t.key, 'name', t.name, 'description', t.description, 'kind', t.kind,
        'inputSchema', t.input_schema, 'idempotent', t.idempotent, 'readOnly', t.read_only,
        'personas', to_jsonb(t.personas), 'config', t.config) ORDER BY l.position, t.key)
      FROM app.agent_tool l
      JOIN app.tool t ON t.tenant_id = l.tenant_id AND t.id = l.tool_id
      WHERE l.tenant_id = $1 AND l.agent_id = a.id AND t.enabled AND t.kind IN ('http', 'builtin')
    ), '[]'::jsonb) AS tools,
    ARRAY(SELECT e.key FROM app.entitlement e WHERE e.tenant_id = $1 AND e.kind = 'tool') AS entitlements
  FROM app.agent a
  WHERE a.tenant_id = $1 AND a.enabled
  ORDER BY a.position, a.key`;

const CHANGED = z.object({ tenantId: z.guid() }).transform(({ tenantId }) => new AgentsChanged(tenantId));

const LIFETIME_MS = 5_000;
const MOST_TENANTS = 2_000;

/**
 * A tenant's enabled agents, kept in memory for a few seconds so that a turn's path usually needs no query. A change shows
 * at once (`invalidate`), on other instances as soon as they hear of it, and nowhere later than after the lifetime.
 */
@Injectable()
export class AgentRepository {
  private readonly entries = new LRUCache<string, Promise<AgentDirectory>>({ max: MOST_TENANTS, ttl: LIFETIME_MS });

  constructor(
    private readonly work: UnitOfWork,
    @Optional() private readonly events?: EventBus,
  ) {
    events?.share(AgentsChanged, { name: 'agents.changed', schema: CHANGED });
    events?.on(AgentsChanged, ({ tenantId }) => void this.entries.delete(tenantId));
    events?.on(ToolsChanged, ({ tenantId }) => void this.entries.delete(tenantId));
    events?.on(NewsMissed, () => this.entries.clear());
  }

  directory(scope: TenantScope): Promise<AgentDirectory> {
    const known = this.entries.get(scope.tenantId);
    if (known !== undefined) return known;
    const directory = this.read(scope);
    this.entries.set(scope.tenantId, directory);
    // A failed read is not remembered.
    directory.catch(() => {
      if (this.entries.peek(scope.tenantId) === directory) this.entries.delete(scope.tenantId);
    });
    return directory;
  }

  /** Call after agents, tools or entitlements of the tenant have changed. */
  invalidate(tenantId: string): void {
    this.entries.delete(tenantId);
    void this.events?.publish(new AgentsChanged(tenantId));
  }

  private async read(scope: TenantScope): Promise<AgentDirectory> {
    const rows = await this.work.query<AgentRow>(scope, DIRECTORY, [scope.tenantId], 'agents_directory');
    return { agents: rows.map(toAgent), entitlements: rows[0]?.entitlements ?? [] };
  }
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
    settings: row.settings,
    tools: row.tools,
  };
}
