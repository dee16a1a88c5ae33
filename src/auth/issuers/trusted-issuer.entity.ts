import type { Role } from '#platform/context';
import { TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import type { ClaimNames, IssuerAlgorithm } from './trusted-issuer.js';

@Entity({ schema: 'app', name: 'trusted_issuer' })
export class TrustedIssuerEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  issuer!: string;

  @Column('text', { array: true })
  audience!: string[];

  @Column('text', { nullable: true })
  jwksUrl!: string | null;

  /** SPKI in PEM. */
  @Column('text', { nullable: true })
  publicKey!: string | null;

  @Column('text', { array: true })
  algorithms!: IssuerAlgorithm[];

  @Column('jsonb')
  claims!: ClaimNames;

  @Column('text', { array: true })
  roles!: Role[];

  @Column('boolean')
  enabled!: boolean;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
