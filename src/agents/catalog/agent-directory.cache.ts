import type { TenantScope } from '#platform/context';
import { EventBus, NewsMissed } from '#platform/events';
import { Injectable, Optional } from '@nestjs/common';
import { TenantChanged } from '#tenants';
import { ToolsChanged } from '#tools';
import { LRUCache } from 'lru-cache';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { AgentsChanged } from './agent.events.js';
import { AgentRepository } from './agent.repository.js';
import type { AgentDefinition, AgentDirectory } from './agent.types.js';

const CHANGED = z.object({ tenantId: z.guid() }).transform(({ tenantId }) => new AgentsChanged(tenantId));

const LIFETIME_MS = 5_000;
const MOST_TENANTS = 2_000;

/**
 * A tenant's enabled agents, kept in memory for a few seconds so that a turn's path usually needs no query. A change shows
 * at once (`invalidate`), on other instances as soon as they hear of it, and nowhere later than after the lifetime.
 * An agent that is read again unchanged is the same object, as are its tools: what is learnt from a definition is kept by it.
 */
@Injectable()
export class AgentDirectoryCache {
  private readonly entries = new LRUCache<string, Promise<AgentDirectory>>({ max: MOST_TENANTS, ttl: LIFETIME_MS });
  /** What was read last, also when it is too old to answer from. */
  private readonly latest = new LRUCache<string, AgentDirectory>({ max: MOST_TENANTS });

  constructor(
    private readonly agents: AgentRepository,
    @Optional() private readonly events?: EventBus,
  ) {
    events?.share(AgentsChanged, { name: 'agents.changed', schema: CHANGED });
    events?.on(AgentsChanged, ({ tenantId }) => void this.entries.delete(tenantId));
    events?.on(ToolsChanged, ({ tenantId }) => void this.entries.delete(tenantId));
    // What it is entitled to may be another.
    events?.on(TenantChanged, ({ tenantId }) => void this.entries.delete(tenantId));
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

  private async read(scope: TenantScope): Promise<AgentDirectory> {
    const { agents, entitlements } = await this.agents.directory(scope);
    const before = new Map(this.latest.get(scope.tenantId)?.agents.map((agent) => [agent.id, agent]));
    const directory = { agents: agents.map((agent) => unchanged(agent, before.get(agent.id))), entitlements };
    this.latest.set(scope.tenantId, directory);
    return directory;
  }

  /** Call after agents, tools or entitlements of the tenant have changed. */
  invalidate(tenantId: string): void {
    this.entries.delete(tenantId);
    void this.events?.publish(new AgentsChanged(tenantId));
  }
}

function unchanged(agent: AgentDefinition, before: AgentDefinition | undefined): AgentDefinition {
  if (before === undefined) return agent;
  if (isDeepStrictEqual(agent, before)) return before;
  const tools = agent.tools.map((tool) => {
    const known = before.tools.find(({ id }) => id === tool.id);
    return isDeepStrictEqual(tool, known) ? (known ?? tool) : tool;
  });
  return { ...agent, tools };
}
