import { TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

export type JobKind = 'tenant.export' | 'tenant.erase' | 'user.export' | 'user.erase';
export type JobStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

/** What a job leaves: how many rows and files, and a digest of its archive. */
export interface JobResult {
  readonly sha256?: string;
  readonly counts: Readonly<Record<string, number>>;
}

/** Belongs to the tenant of whoever asked for it; that of an erased tenant stays with the platform's. */
@Entity({ schema: 'app', name: 'job' })
export class JobEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  kind!: JobKind;

  /** The tenant or the user that it is about. */
  @Column('uuid')
  targetId!: string;

  @Column('text', { default: 'queued' })
  status!: JobStatus;

  /** 0–1 */
  @Column('real', { default: 0 })
  progress!: number;

  /** Counts who took it up: a worker that lost it writes nothing. */
  @Column('int', { default: 0 })
  attempt!: number;

  @Column('boolean', { default: false })
  cancelRequested!: boolean;

  @Column('timestamptz', { nullable: true })
  heartbeatAt!: Date | null;

  @Column('jsonb', { nullable: true })
  error!: { readonly code: string; readonly message: string } | null;

  @Column('jsonb', { nullable: true })
  result!: JobResult | null;

  @Column('uuid', { nullable: true })
  createdBy!: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { nullable: true })
  endedAt!: Date | null;
}
