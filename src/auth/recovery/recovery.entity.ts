import { TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A way to set somebody's password once; one a person, the newest. */
@Entity({ schema: 'app', name: 'recovery' })
export class RecoveryEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid')
  principalId!: string;

  /** SHA-256 of the secret. */
  @Column('bytea', { select: false })
  secretHash!: Buffer;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz')
  expiresAt!: Date;
}
