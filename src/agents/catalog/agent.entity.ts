import { TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import type { AgentKind } from './agent.types.js';

/** What each column means is said by `AgentDefinition`. */
@Entity({ schema: 'app', name: 'agent' })
export class AgentEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  key!: string;

  @Column('text')
  kind!: AgentKind;

  @Column('text')
  name!: string;

  @Column('text')
  description!: string;

  @Column('text')
  instructions!: string;

  @Column('text', { nullable: true })
  answerTemplate!: string | null;

  @Column('text', { array: true })
  examples!: readonly string[];

  @Column('text', { array: true })
  personas!: readonly string[];

  @Column('uuid', { array: true })
  knowledgeBaseIds!: readonly string[];

  @Column('jsonb')
  settings!: Readonly<Record<string, unknown>>;

  @Column('boolean')
  enabled!: boolean;

  /** Agents are offered in ascending order. */
  @Column('int')
  position!: number;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
