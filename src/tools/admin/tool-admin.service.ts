import type { RequestContext, TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { ConflictError, NotFoundError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import type { ToolDefinition } from '../tool.js';
import { ToolsChanged } from '../tool.events.js';
import { type NewTool, ToolService } from '../tool.service.js';

/** A tool as its tenant's admins write it, enabled or not. */
export type ToolDraft = NewTool & { readonly enabled: boolean };

export interface StoredTool extends ToolDefinition {
  readonly enabled: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const COLUMNS = `id, key, kind, name, description, input_schema AS "inputSchema", config, read_only AS "readOnly",
  idempotent, personas, enabled, created_at AS "createdAt", updated_at AS "updatedAt"`;

/** The tenant's tools as its admins manage them. An agent uses those that it was given. */
@Injectable()
export class ToolAdminService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tools: ToolService,
    private readonly audit: AuditService,
    private readonly events: EventBus,
  ) {}

  /** Newest first. @param before id of the last tool of the previous page */
  async list(scope: TenantScope, before: string | null, limit: number): Promise<StoredTool[]> {
    return this.unitOfWork.query<StoredTool>(
      scope,
      `SELECT ${COLUMNS} FROM app.tool WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
      [scope.tenantId, before, limit],
    );
  }

  /** @throws NotFoundError */
  async get(scope: TenantScope, id: string): Promise<StoredTool> {
    return this.unitOfWork.run(scope, (tx) => read(tx, 'id', id));
  }

  /** @throws ConflictError when the key is taken, InvalidInputError when schema or config are not valid */
  async create(ctx: RequestContext, tool: NewTool): Promise<StoredTool> {
    return this.unitOfWork.run(ctx, async (tx) => {
      if ((await this.tools.insert(tx, tool)) === 0)
        throw new ConflictError(`There is a tool "${tool.key}" already`, { field: 'key' });
      const created = await read(tx, 'key', tool.key);
      await this.audit.record(tx, ctx, { action: 'tool.created', targetType: 'tool', targetId: created.id });
      return created;
    });
  }

  /**
   * @param change what the locked tool becomes; it may refuse (`If-Match`)
   * @throws NotFoundError, InvalidInputError when schema or config are not valid
   */
  async update(ctx: RequestContext, id: string, change: (current: StoredTool) => ToolDraft): Promise<StoredTool> {
    const updated = await this.unitOfWork.run(ctx, async (tx) => {
      await tx.query('SELECT 1 FROM app.tool WHERE tenant_id = $1 AND id = $2 FOR UPDATE', [ctx.tenantId, id]);
      const draft = change(await read(tx, 'id', id));
      this.tools.check(ctx, draft);
      await tx.execute(
        `UPDATE app.tool SET name = $3, description = $4, input_schema = $5, config = $6, read_only = $7, idempotent = $8,
           personas = $9, enabled = $10, updated_at = now() WHERE tenant_id = $1 AND id = $2`,
        [
          ctx.tenantId,
          id,
          draft.name,
          draft.description,
          JSON.stringify(draft.inputSchema),
          JSON.stringify(draft.config),
          draft.readOnly,
          draft.idempotent,
          draft.personas,
          draft.enabled,
        ],
      );
      await this.audit.record(tx, ctx, { action: 'tool.updated', targetType: 'tool', targetId: id });
      return read(tx, 'id', id);
    });
    await this.events.publish(new ToolsChanged(ctx.tenantId));
    return updated;
  }

  /** Agents lose it. @throws NotFoundError */
  async delete(ctx: RequestContext, id: string): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const deleted = await tx.execute('DELETE FROM app.tool WHERE tenant_id = $1 AND id = $2', [ctx.tenantId, id]);
      if (deleted === 0) throw new NotFoundError();
      await this.audit.record(tx, ctx, { action: 'tool.deleted', targetType: 'tool', targetId: id });
    });
    await this.events.publish(new ToolsChanged(ctx.tenantId));
  }
}

async function read(tx: TenantTx, column: 'id' | 'key', value: string): Promise<StoredTool> {
  const [tool] = await tx.query<StoredTool>(`SELECT ${COLUMNS} FROM app.tool WHERE tenant_id = $1 AND ${column} = $2`, [
    tx.tenantId,
    value,
  ]);
  if (tool === undefined) throw new NotFoundError();
  return tool;
}
