import type { Role } from '#platform/context';
import { TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import type { PrincipalKind } from './principal.js';

@Entity({ schema: 'app', name: 'principal' })
export class PrincipalEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  kind!: PrincipalKind;

  @Column('text', { nullable: true })
  email!: string | null;

  @Column('text', { nullable: true })
  externalId!: string | null;

  @Column('text')
  name!: string;

  @Column('text')
  role!: Role;

  @Column('text', { nullable: true })
  persona!: string | null;

  @Column('text', { nullable: true, select: false })
  passwordHash!: string | null;

  @Column('jsonb')
  attributes!: Readonly<Record<string, unknown>>;

  @Column('timestamptz', { nullable: true })
  disabledAt!: Date | null;

  /** Nobody any more: who it was is gone, what it wrote is kept until it is erased. */
  @Column('timestamptz', { nullable: true })
  deletedAt!: Date | null;

  /** What is said of them holds since: the newest token's issue, or an admin's change. Older tokens change nothing. */
  @Column('timestamptz')
  claimsAsOf!: Date;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
