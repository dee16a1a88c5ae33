import { TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** How an anonymous visitor is known again. Its id is the visitor's principal's. */
@Entity({ schema: 'app', name: 'visitor' })
export class VisitorEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  /** Null: it was deleted, and nobody is known again by it. */
  @Column('uuid', { nullable: true })
  widgetId!: string | null;

  @Column('bytea', { select: false })
  tokenHash!: Buffer;

  /** When their conversations became a person's; the token opens nothing since. */
  @Column('timestamptz', { nullable: true })
  movedAt!: Date | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  lastSeenAt!: Date;
}
