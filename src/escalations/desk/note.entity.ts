import { TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** What supporters tell each other; the user and the agent are not shown it. */
@Entity({ schema: 'app', name: 'escalation_note' })
export class EscalationNoteEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid')
  escalationId!: string;

  @Column('uuid', { nullable: true })
  authorId!: string | null;

  @Column('text')
  content!: string;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}
