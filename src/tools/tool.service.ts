import type { TenantScope } from '#platform/context';
import { newId, type TenantTx, UnitOfWork } from '#platform/database';
import { InvalidInputError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { HttpTool } from './http.tool.js';
import { inputSchemaFault } from './tool-arguments.js';
import { ToolsChanged } from './tool.events.js';
import type { ToolDefinition } from './tool.js';

const CHANGED = z.object({ tenantId: z.guid() }).transform(({ tenantId }) => new ToolsChanged(tenantId));

export type NewTool = Omit<ToolDefinition, 'id'> & {
  /** True unless told: agents are not given disabled tools. */
  readonly enabled?: boolean;
};

/** A tenant's tools and which built-in ones it is entitled to: what is written; turns read them with their agents. */
@Injectable()
export class ToolService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly http: HttpTool,
    private readonly events: EventBus,
  ) {
    events.share(ToolsChanged, { name: 'tools.changed', schema: CHANGED });
  }

  /**
   * Makes the tools whose key the tenant does not have; existing ones are left exactly as they are.
   * @returns the ids of all of them by key
   * @throws InvalidInputError when a schema or a `config` is not valid, or its address may not be reached
   */
  async ensure(scope: TenantScope, tools: readonly NewTool[]): Promise<ReadonlyMap<string, string>> {
    if (tools.length === 0) return new Map();
    for (const tool of tools) this.check(scope, tool);
    const ids = await this.unitOfWork.run(scope, async (tx) => {
      let inserted = 0;
      for (const tool of tools) inserted += await insert(tx, tool);
      const rows = await tx.query<{ key: string; id: string }>(
        'SELECT key, id FROM app.tool WHERE tenant_id = $1 AND key = ANY($2::text[])',
        [scope.tenantId, tools.map(({ key }) => key)],
      );
      return { inserted, byKey: new Map(rows.map(({ key, id }) => [key, id])) };
    });
    if (ids.inserted > 0) await this.events.publish(new ToolsChanged(scope.tenantId));
    return ids.byKey;
  }

  /**
   * Makes one tool inside the caller's transaction.
   * @returns 0 when the key is taken
   * @throws InvalidInputError as `ensure`
   */
  async insert(tx: TenantTx, tool: NewTool): Promise<number> {
    this.check(tx, tool);
    return insert(tx, tool);
  }

  /**
   * Changes the `config` of those of the named tools that exist.
   * @param change the new `config`, or null to leave the tool alone
   * @returns how many were changed
   * @throws InvalidInputError when a new one is not valid; then none is changed
   */
  async changeConfigs(
    scope: TenantScope,
    keys: readonly string[],
    change: (config: ToolDefinition['config'], key: string) => ToolDefinition['config'] | null,
  ): Promise<number> {
    if (keys.length === 0) return 0;
    const changed = await this.unitOfWork.run(scope, async (tx) => {
      const rows = await tx.query<Pick<ToolDefinition, 'id' | 'key' | 'kind' | 'config'>>(
        `SELECT id, key, kind, config FROM app.tool WHERE tenant_id = $1 AND key = ANY($2::text[])
         ORDER BY key FOR UPDATE`,
        [scope.tenantId, keys],
      );
      let count = 0;
      for (const row of rows) {
        const config = change(row.config, row.key);
        if (config === null) continue;
        this.checkConfig(scope, { ...row, config });
        count += await tx.execute(
          'UPDATE app.tool SET config = $3, updated_at = now() WHERE tenant_id = $1 AND id = $2',
          [scope.tenantId, row.id, JSON.stringify(config)],
        );
      }
      return count;
    });
    if (changed > 0) await this.events.publish(new ToolsChanged(scope.tenantId));
    return changed;
  }

  /** Operator only: lets the tenant use built-in tools. What it has already stays. */
  async entitle(scope: TenantScope, builtinKeys: readonly string[]): Promise<void> {
    if (builtinKeys.length === 0) return;
    await this.unitOfWork.query(
      scope,
      `INSERT INTO app.entitlement (tenant_id, kind, key) SELECT $1, 'tool', key FROM unnest($2::text[]) AS key
       ON CONFLICT DO NOTHING`,
      [scope.tenantId, builtinKeys],
    );
    await this.events.publish(new ToolsChanged(scope.tenantId));
  }

  /** @throws InvalidInputError when a schema or a `config` is not valid, or its address may not be reached */
  check(scope: TenantScope, tool: NewTool): void {
    const fault = inputSchemaFault(tool.inputSchema);
    if (fault !== null) throw new InvalidInputError(`input_schema of ${tool.key}: ${fault}`, { field: 'input_schema' });
    this.checkConfig(scope, tool);
  }

  private checkConfig(scope: TenantScope, tool: Pick<NewTool, 'key' | 'kind' | 'config'>): void {
    if (tool.kind !== 'http') return;
    const faults = this.http.faults(scope.tenantId, tool.config);
    if (faults.length > 0)
      throw new InvalidInputError(`config of ${tool.key}: ${faults.join('; ')}`, { field: 'config' });
  }
}

function insert(tx: TenantTx, tool: NewTool): Promise<number> {
  return tx.execute(
    `INSERT INTO app.tool (tenant_id, id, key, kind, name, description, input_schema, config, read_only, idempotent, personas,
       enabled)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (tenant_id, key) DO NOTHING`,
    [
      tx.tenantId,
      newId(),
      tool.key,
      tool.kind,
      tool.name,
      tool.description,
      JSON.stringify(tool.inputSchema),
      JSON.stringify(tool.config),
      tool.readOnly,
      tool.idempotent,
      tool.personas,
      tool.enabled ?? true,
    ],
  );
}
