import type { EmbeddingSpace } from '#llm';
import type { TenantScope } from '#platform/context';
import { newId, type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import type { KnowledgeBase, KnowledgeBaseKind, KnowledgeBaseSettings } from './knowledge-base.js';

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
    const values = [tx.tenantId, newId(), space.provider, space.model, space.dimensions];
    await tx.execute(
      `INSERT INTO app.embedding_space (tenant_id, id, provider, model, dimensions) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (tenant_id, provider, model, dimensions) DO NOTHING`,
      values,
    );
    const row = await tx.one<{ id: string }>(
      `SELECT id FROM app.embedding_space WHERE tenant_id = $1 AND provider = $2 AND model = $3 AND dimensions = $4`,
      [tx.tenantId, space.provider, space.model, space.dimensions],
    );
    if (row === null) throw new Error('The embedding space that was just made cannot be read');
    return row.id;
  }

  /** @returns false when the name is taken */
  async insert(
    tx: TenantTx,
    base: Omit<KnowledgeBase, 'embedding' | 'documentCount' | 'chunkCount'>,
  ): Promise<boolean> {
    const inserted = await tx.execute(
      `INSERT INTO app.knowledge_base (tenant_id, id, kind, name, description, language, chunk_size, chunk_overlap, top_k,
         space_id, settings, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
       ON CONFLICT (tenant_id, name) DO NOTHING`,
      [
        tx.tenantId,
        base.id,
        base.kind,
        base.name,
        base.description,
        base.language,
        base.chunkSize,
        base.chunkOverlap,
        base.topK,
        base.spaceId,
        JSON.stringify(base.settings),
        base.createdAt,
        base.updatedAt,
      ],
    );
    return inserted === 1;
  }

  async isNameTaken(tx: TenantTx, name: string, byOtherThan: string): Promise<boolean> {
    const sql = 'SELECT 1 FROM app.knowledge_base WHERE tenant_id = $1 AND name = $2 AND id <> $3';
    return (await tx.query(sql, [tx.tenantId, name, byOtherThan])).length > 0;
  }

  async update(tx: TenantTx, base: KnowledgeBase): Promise<void> {
    await tx.execute(
      `UPDATE app.knowledge_base SET name = $3, description = $4, language = $5, chunk_size = $6, chunk_overlap = $7,
         top_k = $8, settings = $9, updated_at = $10 WHERE tenant_id = $1 AND id = $2`,
      [
        tx.tenantId,
        base.id,
        base.name,
        base.description,
        base.language,
        base.chunkSize,
        base.chunkOverlap,
        base.topK,
        JSON.stringify(base.settings),
        base.updatedAt,
      ],
    );
  }

  /** The row and whatever still hangs on it. */
  async delete(tx: TenantTx, id: string): Promise<boolean> {
    return (await tx.execute('DELETE FROM app.knowledge_base WHERE tenant_id = $1 AND id = $2', [tx.tenantId, id])) > 0;
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
