import type { EmbeddingSpace } from '#llm';
import type { TenantScope } from '#platform/context';
import { newId, type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { type DeepPartial, Not, type QueryDeepPartialEntity } from 'typeorm';
import { EmbeddingSpaceEntity } from './embedding-space.entity.js';
import type { KnowledgeBase, KnowledgeBaseKind, KnowledgeBaseSettings } from './knowledge-base.js';
import { KnowledgeBaseEntity } from './knowledge-base.entity.js';

interface Row {
  id: string;
  kind: KnowledgeBaseKind;
  name: string;
  description: string;
  language: string;
  chunk_size: number;
  chunk_overlap: number;
  top_k: number | null;
  space_id: string;
  provider: string;
  model: string;
  dimensions: number;
  settings: KnowledgeBaseSettings;
  document_count: number;
  chunk_count: number;
  created_at: Date;
  updated_at: Date;
}

const SELECT = `SELECT k.id, k.kind, k.name, k.description, k.language, k.chunk_size, k.chunk_overlap, k.top_k, k.space_id,
    s.provider, s.model, s.dimensions, k.settings, k.document_count, k.chunk_count, k.created_at, k.updated_at
  FROM app.knowledge_base k JOIN app.embedding_space s ON s.tenant_id = k.tenant_id AND s.id = k.space_id
  WHERE k.tenant_id = $1`;

/** Rows of `knowledge_base` and `embedding_space`. */
@Injectable()
export class KnowledgeBaseRepository {
  constructor(private readonly work: UnitOfWork) {}

  async findById(scope: TenantScope, id: string): Promise<KnowledgeBase | null> {
    const [row] = await this.work.query<Row>(scope, `${SELECT} AND k.id = $2`, [scope.tenantId, id]);
    return row === undefined ? null : toKnowledgeBase(row);
  }

  async findByIds(scope: TenantScope, ids: readonly string[]): Promise<KnowledgeBase[]> {
    const sql = `${SELECT} AND k.id = ANY($2::uuid[])`;
    return (await this.work.query<Row>(scope, sql, [scope.tenantId, ids], 'rag_bases')).map(toKnowledgeBase);
  }

  /** Oldest first. */
  async listDocumentBaseIds(scope: TenantScope): Promise<string[]> {
    const sql = `SELECT id FROM app.knowledge_base WHERE tenant_id = $1 AND kind = 'documents' ORDER BY id`;
    const rows = await this.work.query<{ id: string }>(scope, sql, [scope.tenantId], 'rag_document_bases');
    return rows.map(({ id }) => id);
  }

  async findByName(scope: TenantScope, name: string): Promise<KnowledgeBase | null> {
    const [row] = await this.work.query<Row>(scope, `${SELECT} AND k.name = $2`, [scope.tenantId, name]);
    return row === undefined ? null : toKnowledgeBase(row);
  }

  /** Newest first. @param before id of the last one of the previous page */
  async list(scope: TenantScope, before: string | null, limit: number): Promise<KnowledgeBase[]> {
    const sql = `${SELECT} AND ($2::uuid IS NULL OR k.id < $2) ORDER BY k.id DESC LIMIT $3`;
    return (await this.work.query<Row>(scope, sql, [scope.tenantId, before, limit])).map(toKnowledgeBase);
  }

  async findForUpdate(tx: TenantTx, id: string): Promise<KnowledgeBase | null> {
    const row = await tx.one<Row>(`${SELECT} AND k.id = $2 FOR UPDATE OF k`, [tx.tenantId, id]);
    return row === null ? null : toKnowledgeBase(row);
  }

  /** The tenant's row for a vector space, made when it is new. */
  async ensureSpace(tx: TenantTx, space: EmbeddingSpace): Promise<string> {
    const { dimensions, model, provider } = space;
    const rows = tx.rows(EmbeddingSpaceEntity);
    const made = await rows.insertNew({ id: newId(), provider, model, dimensions });
    const row = made ?? (await rows.findOne({ provider, model, dimensions }));
    if (row === null) throw new Error('The embedding space that was just made cannot be read');
    return row.id;
  }

  /** @returns false when the name is taken; then nothing was written */
  async insert(tx: TenantTx, { embedding: _, ...base }: KnowledgeBase): Promise<boolean> {
    return (await tx.rows(KnowledgeBaseEntity).insertNew(base as DeepPartial<KnowledgeBaseEntity>)) !== null;
  }

  async isNameTaken(tx: TenantTx, name: string, byOtherThan: string): Promise<boolean> {
    return (await tx.rows(KnowledgeBaseEntity).count({ name, id: Not(byOtherThan) })) > 0;
  }

  /** Kind and space stay. */
  async update(tx: TenantTx, base: KnowledgeBase): Promise<void> {
    const { chunkOverlap, chunkSize, description, id, language, name, settings, topK, updatedAt } = base;
    const columns = { name, description, language, chunkSize, chunkOverlap, topK, settings, updatedAt };
    await tx.rows(KnowledgeBaseEntity).update({ id }, columns as QueryDeepPartialEntity<KnowledgeBaseEntity>);
  }

  /** The row and whatever still hangs on it. */
  async delete(tx: TenantTx, id: string): Promise<boolean> {
    return (await tx.rows(KnowledgeBaseEntity).delete({ id })) > 0;
  }

  /** Names of the agents that answer from it. */
  async agentsUsing(tx: TenantTx, id: string): Promise<string[]> {
    const sql = 'SELECT name FROM app.agent WHERE tenant_id = $1 AND $2::uuid = ANY(knowledge_base_ids) ORDER BY name';
    return (await tx.query<{ name: string }>(sql, [tx.tenantId, id])).map(({ name }) => name);
  }
}

function toKnowledgeBase(row: Row): KnowledgeBase {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    description: row.description,
    language: row.language,
    chunkSize: row.chunk_size,
    chunkOverlap: row.chunk_overlap,
    topK: row.top_k,
    spaceId: row.space_id,
    embedding: { provider: row.provider, model: row.model, dimensions: row.dimensions },
    settings: row.settings,
    documentCount: row.document_count,
    chunkCount: row.chunk_count,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
