import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { RequestContext, TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { EventBus, NewsMissed } from '#platform/events';
import { AuditService } from '#tenants';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { RulesRepository } from './rules.repository.js';
import type { EscalationRules } from './rules.schema.js';

/** They are asked about with every answer. */
const KEPT = { max: 5000, ttl: 60_000 };

/** A tenant's rules are others: every instance reads them again. */
class EscalationRulesChanged {
  constructor(readonly tenantId: string) {}
}
const changed = z.object({ tenantId: z.guid() }).transform(({ tenantId }) => new EscalationRulesChanged(tenantId));

/** A tenant's rules, from memory where they were read lately. */
@Injectable()
export class RulesService implements OnModuleInit {
  private readonly known = new LRUCache<string, EscalationRules>(KEPT);

  constructor(
    private readonly uow: UnitOfWork,
    private readonly rules: RulesRepository,
    private readonly audit: AuditService,
    private readonly events: EventBus,
  ) {}

  onModuleInit(): void {
    this.events.share(EscalationRulesChanged, { name: 'escalation.rules_changed', schema: changed });
    this.events.on(EscalationRulesChanged, ({ tenantId }) => void this.known.delete(tenantId));
    this.events.on(NewsMissed, () => this.known.clear());
  }

  async get(scope: TenantScope): Promise<EscalationRules> {
    const known = this.known.get(scope.tenantId);
    if (known !== undefined) return known;
    const found = await this.uow.run(scope, (tx) => this.rules.find(tx));
    this.known.set(scope.tenantId, found);
    return found;
  }

  async put(ctx: RequestContext, rules: EscalationRules): Promise<EscalationRules> {
    await this.uow.run(ctx, async (tx) => {
      const before = await this.rules.find(tx);
      await this.rules.put(tx, rules);
      await this.audit.recordChange(tx, ctx, 'escalation_rules', { id: ctx.tenantId, before, after: rules });
    });
    await this.events.publish(new EscalationRulesChanged(ctx.tenantId));
    return rules;
  }
}
