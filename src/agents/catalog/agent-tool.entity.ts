import { TenantEntity } from '#platform/database';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** That an agent was given a tool. */
@Entity({ schema: 'app', name: 'agent_tool' })
export class AgentToolEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  agentId!: string;

  /** Of `tools`. */
  @PrimaryColumn('uuid')
  toolId!: string;

  /** Tools are offered in ascending order. */
  @Column('int')
  position!: number;
}
