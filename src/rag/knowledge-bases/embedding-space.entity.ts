import { TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** One for each model and length of vectors that the tenant's knowledge bases were made with. */
@Entity({ schema: 'app', name: 'embedding_space' })
export class EmbeddingSpaceEntity extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  provider!: string;

  @Column('text')
  model!: string;

  @Column('int')
  dimensions!: number;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}
