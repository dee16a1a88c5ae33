import { TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import type { WidgetAppearance, WidgetIdentity, WidgetLimits, WidgetTexts } from './widget.js';

/** What each column means is said by `Widget`. */
@Entity({ schema: 'app', name: 'widget' })
export class WidgetEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  publicKey!: string;

  @Column('text')
  name!: string;

  @Column('text', { array: true })
  origins!: string[];

  @Column('boolean')
  enabled!: boolean;

  /** The key of one of the tenant's agents. */
  @Column('text', { nullable: true })
  agent!: string | null;

  @Column('text')
  identity!: WidgetIdentity;

  @Column('jsonb')
  appearance!: WidgetAppearance;

  @Column('jsonb')
  texts!: WidgetTexts;

  @Column('text', { array: true })
  questions!: string[];

  @Column('boolean')
  attachments!: boolean;

  @Column('jsonb')
  limits!: WidgetLimits;

  /** See `SecretBox`; read only where an identity token is checked. */
  @Column('bytea', { select: false })
  sealed!: Buffer;

  /** Which key sealed it; the database takes it from the value. */
  @Column({ type: 'bytea', select: false, insert: false, update: false, nullable: true })
  readonly sealedKey?: Buffer | null;

  @Column('text')
  last4!: string;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
