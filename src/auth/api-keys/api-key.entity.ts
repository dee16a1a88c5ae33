import type { Role } from '#platform/context';
import { TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

@Entity({ schema: 'app', name: 'api_key' })
export class ApiKeyEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  /** SHA-256 of the secret. */
  @Column('bytea', { select: false })
  keyHash!: Buffer;

  @Column('text')
  last4!: string;

  @Column('text')
  role!: Role;

  @Column('text', { array: true })
  scopes!: string[];

  /** The person it belongs to: it may do no more than they may, and ends when they leave. Null: nobody, so it has ended. */
  @Column('uuid', { nullable: true })
  createdBy!: string | null;

  /** The key that made it, with which it is revoked; null when a person did. */
  @Column('uuid', { nullable: true })
  parentId!: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { nullable: true })
  lastUsedAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  expiresAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  revokedAt!: Date | null;
}
