import { TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import type { CredentialKind, CredentialProvider } from './credential.js';

@Entity({ schema: 'app', name: 'credential' })
export class CredentialEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  @Column('text')
  kind!: CredentialKind;

  @Column('text', { nullable: true })
  provider!: CredentialProvider | null;

  @Column('text')
  baseUrl!: string;

  @Column('text', { nullable: true })
  header!: string | null;

  @Column('text', { nullable: true })
  query!: string | null;

  @Column('text', { nullable: true })
  scheme!: string | null;

  @Column('text', { nullable: true })
  username!: string | null;

  /** See `SecretBox`; belongs to this row under `CREDENTIAL_PURPOSE`. Read only where it is used. */
  @Column('bytea', { select: false })
  sealed!: Buffer;

  /** Which key sealed it; the database takes it from the value. */
  @Column({ type: 'bytea', select: false, insert: false, update: false, nullable: true })
  readonly sealedKey?: Buffer | null;

  @Column('text')
  last4!: string;

  @Column('timestamptz', { nullable: true })
  testedAt!: Date | null;

  @Column('text', { nullable: true })
  testError!: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
