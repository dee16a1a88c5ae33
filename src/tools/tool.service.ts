import { CredentialService, CredentialUses } from '#llm';
import type { TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { InvalidInputError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { HttpTool } from './http.tool.js';
import { inputSchemaFault } from './tool-arguments.js';
import { ToolsChanged } from './tool.events.js';
import type { ToolDefinition } from './tool.js';
import { type NewTool, ToolRepository } from './tool.repository.js';

const CHANGED = z.object({ tenantId: z.guid() }).transform(({ tenantId }) => new ToolsChanged(tenantId));

/** A tenant's tools: what is written; turns read them with their agents. */
@Injectable()
export class ToolService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tools: ToolRepository,
    private readonly http: HttpTool,
    private readonly credentials: CredentialService,
    uses: CredentialUses,
    private readonly events: EventBus,
  ) {
    uses.register((tx, ids) => tools.usesOf(tx, ids));
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
      for (const tool of tools) if ((await this.tools.insert(tx, tool)) !== null) inserted++;
      return {
        inserted,
        byKey: await this.tools.idsByKey(
          tx,
          tools.map(({ key }) => key),
        ),
      };
    });
    if (ids.inserted > 0) await this.events.publish(new ToolsChanged(scope.tenantId));
    return ids.byKey;
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
      let count = 0;
      for (const tool of await this.tools.lockByKeys(tx, keys)) {
        const config = change(tool.config, tool.key);
        if (config === null) continue;
        this.checkConfig(scope, { ...tool, config });
        await this.tools.update(tx, tool.id, { config });
        count++;
      }
      return count;
    });
    if (changed > 0) await this.events.publish(new ToolsChanged(scope.tenantId));
    return changed;
  }

  /** @throws InvalidInputError when a schema or a `config` is not valid, or its address may not be reached */
  check(scope: TenantScope, tool: NewTool): void {
    const fault = inputSchemaFault(tool.inputSchema);
    if (fault !== null) throw new InvalidInputError(`input_schema of ${tool.key}: ${fault}`, { field: 'input_schema' });
    this.checkConfig(scope, tool);
  }

  /**
   * That the tenant has the credential, and that it may be sent to the tool's address.
   * @throws InvalidInputError
   */
  async checkCredential(tx: TenantTx, tool: NewTool): Promise<void> {
    if (tool.credentialId === undefined || tool.credentialId === null) return;
    const url = this.http.exampleUrl(tool.config);
    const found = await this.credentials.coverage(tx, tool.credentialId, url);
    if (found === 'covered') return;
    const reason =
      found === 'missing'
        ? 'there is no such credential'
        : 'the tool calls another address than the credential is for (its base_url); a secret goes nowhere else';
    throw new InvalidInputError(`credential_id: ${reason}`, { field: 'credential_id' });
  }

  private checkConfig(scope: TenantScope, tool: Pick<NewTool, 'key' | 'kind' | 'config'>): void {
    if (tool.kind !== 'http') return;
    const faults = this.http.faults(scope.tenantId, tool.config);
    if (faults.length > 0)
      throw new InvalidInputError(`config of ${tool.key}: ${faults.join('; ')}`, { field: 'config' });
  }
}
