import { TenantEntity } from '#platform/database';
import { Column, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import type { PresenceStatus } from '../model/presence.js';

@Entity({ schema: 'app', name: 'supporter_presence' })
export class SupporterPresenceEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  principalId!: string;

  @Column('text')
  status!: PresenceStatus;

  /** How many conversations at once. */
  @Column('int')
  capacity!: number;

  @Column('text', { array: true })
  skills!: string[];

  @Column('text', { array: true })
  languages!: string[];

  /** When a socket of theirs was last open, or a request came. */
  @Column('timestamptz')
  seenAt!: Date;

  /** When they were last given a conversation. */
  @Column('timestamptz', { nullable: true })
  assignedAt!: Date | null;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
