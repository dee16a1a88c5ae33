import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import type { Tenant } from './tenant.js';

/** The tenant's own row: its id is the tenant that other rows name. */
@Entity({ schema: 'app', name: 'tenant' })
export class TenantRowEntity {
  @PrimaryColumn('uuid', { name: 'id' })
  readonly tenantId!: string;

  @Column('text')
  slug!: string;

  @Column('text')
  name!: string;

  @Column('text')
  status!: Tenant['status'];

  /** Read through `TenantSettingsCache`. */
  @Column('jsonb')
  settings!: object;

  /** Generated from the settings, for the look-ups of what is too old. */
  @Column({ type: 'int', name: 'conversations_kept_days', nullable: true, insert: false, update: false })
  readonly conversationsKeptDays!: number | null;

  @Column({ type: 'int', name: 'traces_kept_days', nullable: true, insert: false, update: false })
  readonly tracesKeptDays!: number | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
