import { TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import type { JsonSchema, ToolDefinition } from './tool.js';

@Entity({ schema: 'app', name: 'tool' })
export class ToolEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  key!: string;

  @Column('text')
  kind!: ToolDefinition['kind'];

  @Column('text')
  name!: string;

  @Column('text')
  description!: string;

  @Column('jsonb')
  inputSchema!: JsonSchema;

  @Column('jsonb')
  config!: Readonly<Record<string, unknown>>;

  @Column('boolean')
  readOnly!: boolean;

  @Column('boolean')
  idempotent!: boolean;

  @Column('boolean', { default: false })
  requiresApproval!: boolean;

  @Column('text', { array: true })
  personas!: readonly string[];

  /** Of `llm`: what its requests are let in with. */
  @Column('uuid', { nullable: true })
  credentialId!: string | null;

  @Column('boolean')
  enabled!: boolean;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
