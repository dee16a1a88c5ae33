import { TenantEntity } from '#platform/database';
import type { EventType } from '#platform/outbox';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

/** What each column means is said by `Webhook`. */
@Entity({ schema: 'app', name: 'webhook' })
export class WebhookEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  url!: string;

  @Column('text', { array: true })
  events!: EventType[];

  @Column('boolean')
  enabled!: boolean;

  @Column('timestamptz', { nullable: true })
  failingSince!: Date | null;

  @Column('timestamptz', { nullable: true })
  disabledAt!: Date | null;

  @Column('text', { nullable: true })
  disabledReason!: string | null;

  /** See `WebhookSecrets`; read only where something is signed. */
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
