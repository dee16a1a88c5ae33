import { TenantEntity } from '#platform/database';
import { Column, Entity, UpdateDateColumn } from 'typeorm';
import type { EscalationRules } from './rules.schema.js';

@Entity({ schema: 'app', name: 'escalation_rules' })
export class EscalationRulesEntity extends TenantEntity {
  @Column('jsonb')
  rules!: EscalationRules;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
