import type { TenantTx } from '#platform/database';
import { Injectable } from '@nestjs/common';
import type { DeepPartial } from 'typeorm';
import { EscalationRulesEntity } from './rules.entity.js';
import { DEFAULT_RULES, escalationRules, type EscalationRules } from './rules.schema.js';

@Injectable()
export class RulesRepository {
  async find(tx: TenantTx): Promise<EscalationRules> {
    const row = await tx.rows(EscalationRulesEntity).findOne({});
    // What another version of the program wrote: the parts that still fit.
    return row === null ? DEFAULT_RULES : (escalationRules.safeParse(row.rules).data ?? DEFAULT_RULES);
  }

  async put(tx: TenantTx, rules: EscalationRules): Promise<void> {
    await tx
      .rows(EscalationRulesEntity)
      .upsert({ rules, updatedAt: new Date() } as DeepPartial<EscalationRulesEntity>, []);
  }
}
