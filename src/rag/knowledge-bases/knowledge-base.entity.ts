import { TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import type { KnowledgeBaseKind, KnowledgeBaseSettings } from './knowledge-base.js';

/** What each column means is said by `KnowledgeBase`. */
@Entity({ schema: 'app', name: 'knowledge_base' })
export class KnowledgeBaseEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  kind!: KnowledgeBaseKind;

  @Column('text')
  name!: string;

  @Column('text')
  description!: string;

  @Column('text')
  language!: string;

  @Column('int')
  chunkSize!: number;

  @Column('int')
  chunkOverlap!: number;

  @Column('int', { nullable: true })
  topK!: number | null;

  /** Of `embedding_space`. */
  @Column('uuid')
  spaceId!: string;

  @Column('jsonb')
  settings!: KnowledgeBaseSettings;

  /** Counted by ingestion, as the two below. */
  @Column({ type: 'int', update: false, default: 0 })
  readonly documentCount!: number;

  @Column({ type: 'int', update: false, default: 0 })
  readonly chunkCount!: number;

  /** Words of all passages, for the mean length that BM25 asks for. */
  @Column({ type: 'bigint', select: false, insert: false, update: false })
  readonly termTotal?: string;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
