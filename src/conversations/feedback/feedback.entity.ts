import { TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

/** What somebody thinks of an answer: one opinion a person and message, the last one said. */
@Entity({ schema: 'app', name: 'feedback' })
export class FeedbackEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  messageId!: string;

  @PrimaryColumn('uuid')
  principalId!: string;

  @Column('uuid')
  conversationId!: string;

  @Column('text')
  rating!: 'up' | 'down';

  @Column('text')
  comment!: string;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
