import type { Role } from '#platform/context';
import { TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

@Entity({ schema: 'app', name: 'invitation' })
export class InvitationEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  email!: string;

  @Column('text')
  role!: Role;

  @Column('text', { nullable: true })
  persona!: string | null;

  /** SHA-256 of the secret. */
  @Column('bytea', { select: false })
  secretHash!: Buffer;

  @Column('uuid', { nullable: true })
  invitedBy!: string | null;

  @Column('uuid', { nullable: true })
  acceptedBy!: string | null;

  @Column('timestamptz', { nullable: true })
  acceptedAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  revokedAt!: Date | null;

  @Column('timestamptz')
  expiresAt!: Date;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
