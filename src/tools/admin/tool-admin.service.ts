import type { RequestContext, TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { ForbiddenError, NotFoundError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { AuditService, TenantSettingsCache } from '#tenants';
import { Injectable } from '@nestjs/common';
import { ToolsChanged } from '../tool.events.js';
import { isEntitledToTool } from '../tool.policy.js';
import { keyTaken, type NewTool, type StoredTool, ToolRepository } from '../tool.repository.js';
import { ToolService } from '../tool.service.js';

/** A tool as its tenant's admins write it, enabled or not. */
export type ToolDraft = NewTool & { readonly enabled: boolean };

/** The tenant's tools as its admins manage them. An agent uses those that it was given. */
@Injectable()
export class ToolAdminService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly rows: ToolRepository,
    private readonly tools: ToolService,
    private readonly audit: AuditService,
    private readonly events: EventBus,
    private readonly settings: TenantSettingsCache,
  ) {}

  /** Newest first. @param before id of the last tool of the previous page */
  list(scope: TenantScope, before: string | null, limit: number): Promise<StoredTool[]> {
    return this.rows.list(scope, before, limit);
  }

  /** @throws NotFoundError */
  async get(scope: TenantScope, id: string): Promise<StoredTool> {
    return found(await this.unitOfWork.run(scope, (tx) => this.rows.find(tx, id)));
  }

  /**
   * @throws ForbiddenError when the tenant is not entitled to it, ConflictError when the key is taken, InvalidInputError
   *   when schema, config or credential are not valid
   */
  async create(ctx: RequestContext, tool: NewTool): Promise<StoredTool> {
    const { entitlements } = await this.settings.get(ctx);
    if (!isEntitledToTool(entitlements.tools, tool)) {
      throw new ForbiddenError(`This tenant may not have the tool "${tool.key}": ask the operator to grant it`);
    }
    this.tools.check(ctx, tool);
    return this.unitOfWork.run(ctx, async (tx) => {
      const stored = await this.rows.insert(tx, tool);
      if (stored === null) throw keyTaken(tool.key);
      await this.tools.checkCredential(tx, tool);
      await this.audit.recordChange(tx, ctx, 'tool', { id: stored.id, before: null, after: stored });
      return stored;
    });
  }

  /**
   * @param change what the locked tool becomes; it may refuse (`If-Match`)
   * @throws NotFoundError, InvalidInputError when schema, config or credential are not valid
   */
  async update(ctx: RequestContext, id: string, change: (current: StoredTool) => ToolDraft): Promise<StoredTool> {
    const updated = await this.unitOfWork.run(ctx, async (tx) => {
      const current = found(await this.rows.lock(tx, id));
      const draft = change(current);
      this.tools.check(ctx, draft);
      await this.tools.checkCredential(tx, draft);
      await this.rows.update(tx, id, draft);
      const stored = found(await this.rows.find(tx, id));
      await this.audit.recordChange(tx, ctx, 'tool', { id, before: current, after: stored });
      return stored;
    });
    await this.events.publish(new ToolsChanged(ctx.tenantId));
    return updated;
  }

  /** Agents lose it. @throws NotFoundError */
  async delete(ctx: RequestContext, id: string): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const current = found(await this.rows.lock(tx, id));
      await this.rows.delete(tx, id);
      await this.audit.recordChange(tx, ctx, 'tool', { id, before: current, after: null });
    });
    await this.events.publish(new ToolsChanged(ctx.tenantId));
  }
}

function found(tool: StoredTool | null): StoredTool {
  if (tool === null) throw new NotFoundError();
  return tool;
}
