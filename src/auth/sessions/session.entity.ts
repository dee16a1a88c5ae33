import { TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

@Entity({ schema: 'app', name: 'session' })
export class SessionEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid')
  principalId!: string;

  @Column('bytea', { select: false })
  refreshHash!: Buffer;

  @Column('bytea', { nullable: true, select: false })
  previousRefreshHash!: Buffer | null;

  @Column('timestamptz', { nullable: true })
  rotatedAt!: Date | null;

  /** The API key that vouched; null when somebody signed in. */
  @Column('uuid', { nullable: true })
  apiKeyId!: string | null;

  /** The trusted issuer that vouched. */
  @Column('uuid', { nullable: true })
  issuerId!: string | null;

  /** The widget that a visitor, or a person whom the site vouched for, came through. */
  @Column('uuid', { nullable: true })
  widgetId!: string | null;

  @Column('text', { nullable: true })
  userAgent!: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  lastUsedAt!: Date;

  @Column('timestamptz')
  expiresAt!: Date;

  @Column('timestamptz', { nullable: true })
  revokedAt!: Date | null;
}
