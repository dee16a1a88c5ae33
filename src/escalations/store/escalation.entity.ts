import { TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import type { EscalationCause, EscalationStatus, EscalationSummary } from '../model/escalation.js';

/** What each column means is said by `Escalation`. Changed under the row lock of its conversation only. */
@Entity({ schema: 'app', name: 'escalation' })
export class EscalationEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid')
  conversationId!: string;

  @Column('text')
  status!: EscalationStatus;

  @Column('text')
  cause!: EscalationCause;

  @Column('text')
  reason!: string;

  @Column('text', { nullable: true })
  skill!: string | null;

  @Column('text', { nullable: true })
  language!: string | null;

  @Column('text', { nullable: true })
  email!: string | null;

  @Column('boolean')
  contactForm!: boolean;

  @Column('jsonb')
  summary!: EscalationSummary;

  @Column('uuid', { nullable: true })
  supporterId!: string | null;

  /** The turn whose answer called for a person. */
  @Column('uuid', { nullable: true })
  turnId!: string | null;

  @Column('timestamptz')
  waitingSince!: Date;

  @Column('timestamptz', { nullable: true })
  assignedAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  firstReplyAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  endedAt!: Date | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
