import { TenantEntity } from '#platform/database';
import { Column, Entity, UpdateDateColumn } from 'typeorm';
import type { StoredLimits } from './entitlements.js';

/** One row a tenant at most; without one the operator's defaults hold. */
@Entity({ schema: 'app', name: 'entitlement' })
export class EntitlementEntity extends TenantEntity {
  @Column('text', { array: true, nullable: true })
  agents!: string[] | null;

  @Column('text', { array: true, nullable: true })
  tools!: string[] | null;

  @Column('text', { array: true, nullable: true })
  models!: string[] | null;

  @Column('text', { array: true, nullable: true })
  features!: string[] | null;

  @Column('jsonb')
  limits!: StoredLimits;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
