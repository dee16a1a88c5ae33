import { TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

/** What a user thinks of a conversation after its end: one opinion, the last one said. */
@Entity({ schema: 'app', name: 'conversation_rating' })
export class RatingEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  conversationId!: string;

  /** The one that it is about, if a person took part. */
  @Column('uuid', { nullable: true })
  escalationId!: string | null;

  @Column('int')
  score!: number;

  @Column('text')
  comment!: string;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
