import type { TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import type { DocumentFault, DocumentStatus, SourceType, StoredChunk, StoredDocument } from './document.js';

interface Row {
  id: string;
  knowledge_base_id: string;
  owner_id: string | null;
  personas: string[];
  title: string;
  source_type: SourceType;
  source_url: string | null;
  mime_type: string;
  file_name: string | null;
  size: number;
  status: DocumentStatus;
  progress: number;
  chunk_count: number;
  attempt: number;
  error: DocumentFault | null;
  metadata: Record<string, unknown>;
  record: Record<string, unknown> | null;
  created_at: Date;
  updated_at: Date;
}

const COLUMNS = `id, knowledge_base_id, owner_id, personas, title, source_type, source_url, mime_type, file_name, size, status,
  progress, chunk_count, attempt, error, metadata, record, created_at, updated_at`;

export interface DocumentQuery {
  readonly status: DocumentStatus | null;
  /** Id of the last one of the previous page. */
  readonly before: string | null;
  readonly limit: number;
}

/** Rows of `document`, and what hangs on them when they go. */
@Injectable()
export class DocumentRepository {
  constructor(private readonly work: UnitOfWork) {}

  async find(scope: TenantScope, knowledgeBaseId: string, id: string): Promise<StoredDocument | null> {
    const sql = `SELECT ${COLUMNS} FROM app.document WHERE tenant_id = $1 AND knowledge_base_id = $2 AND id = $3`;
    const [row] = await this.work.query<Row>(scope, sql, [scope.tenantId, knowledgeBaseId, id]);
    return row === undefined ? null : toDocument(row);
  }

  async findForUpdate(tx: TenantTx, knowledgeBaseId: string, id: string): Promise<StoredDocument | null> {
    const sql = `SELECT ${COLUMNS} FROM app.document WHERE tenant_id = $1 AND knowledge_base_id = $2 AND id = $3 FOR UPDATE`;
    const row = await tx.one<Row>(sql, [tx.tenantId, knowledgeBaseId, id]);
    return row === null ? null : toDocument(row);
  }

  /** Newest first. */
  async list(scope: TenantScope, knowledgeBaseId: string, query: DocumentQuery): Promise<StoredDocument[]> {
    const rows = await this.work.query<Row>(
      scope,
      `SELECT ${COLUMNS} FROM app.document WHERE tenant_id = $1 AND knowledge_base_id = $2
         AND ($3::uuid IS NULL OR id < $3) AND ($4::text IS NULL OR status = $4)
       ORDER BY id DESC LIMIT $5`,
      [scope.tenantId, knowledgeBaseId, query.before, query.status, query.limit],
    );
    return rows.map(toDocument);
  }

  async insert(tx: TenantTx, document: StoredDocument, by: string | null): Promise<void> {
    await tx.execute(
      `INSERT INTO app.document (tenant_id, id, knowledge_base_id, owner_id, personas, title, source_type, source_url, mime_type,
         file_name, size, status, metadata, record, created_by, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)`,
      [
        tx.tenantId,
        document.id,
        document.knowledgeBaseId,
        document.ownerId,
        document.personas,
        document.title,
        document.sourceType,
        document.sourceUrl,
        document.mimeType,
        document.fileName,
        document.size,
        document.status,
        JSON.stringify(document.metadata),
        document.record === null ? null : JSON.stringify(document.record),
        by,
        document.createdAt,
      ],
    );
  }

  async updateLabels(
    tx: TenantTx,
    id: string,
    labels: Pick<StoredDocument, 'title' | 'metadata' | 'ownerId' | 'personas'>,
  ): Promise<void> {
    await tx.execute(
      `UPDATE app.document SET title = $3, metadata = $4, owner_id = $5, personas = $6, updated_at = now()
       WHERE tenant_id = $1 AND id = $2`,
      [tx.tenantId, id, labels.title, JSON.stringify(labels.metadata), labels.ownerId, labels.personas],
    );
    await tx.execute(
      `UPDATE app.chunk SET owner_id = $3, personas = $4 WHERE tenant_id = $1 AND document_id = $2
         AND (owner_id IS DISTINCT FROM $3 OR personas <> $4)`,
      [tx.tenantId, id, labels.ownerId, labels.personas],
    );
  }

  /** Back to the start of the queue; a run that is under way loses its claim. */
  async requeue(tx: TenantTx, id: string): Promise<void> {
    await tx.execute(
      `UPDATE app.document SET status = 'queued', progress = 0, error = NULL, attempt = attempt + 1, updated_at = now()
       WHERE tenant_id = $1 AND id = $2`,
      [tx.tenantId, id],
    );
  }

  /**
   * Takes a document out of the search and of the statistics; nothing to do for one that was not in. The knowledge base's
   * row is locked first, here and in `publish`, so that the two never wait for each other.
   */
  async unpublish(tx: TenantTx, knowledgeBaseId: string, id: string): Promise<void> {
    await tx.execute('SELECT 1 FROM app.knowledge_base WHERE tenant_id = $1 AND id = $2 FOR UPDATE', [
      tx.tenantId,
      knowledgeBaseId,
    ]);
    const hidden = await tx.one<{ chunks: number; terms: number }>(
      `WITH hidden AS (
         UPDATE app.chunk SET searchable = false WHERE tenant_id = $1 AND document_id = $2 AND searchable RETURNING term_count
       ) SELECT count(*) AS chunks, coalesce(sum(term_count), 0) AS terms FROM hidden`,
      [tx.tenantId, id],
    );
    if (hidden === null || Number(hidden.chunks) === 0) return;
    await tx.execute(
      `UPDATE app.term_stat stat SET df = stat.df - own.df
       FROM (SELECT p.term, count(*)::int AS df FROM app.chunk_term p
             WHERE p.tenant_id = $1 AND p.chunk_id IN (SELECT c.id FROM app.chunk c WHERE c.tenant_id = $1 AND c.document_id = $3)
             GROUP BY p.term) own
       WHERE stat.tenant_id = $1 AND stat.knowledge_base_id = $2 AND stat.term = own.term`,
      [tx.tenantId, knowledgeBaseId, id],
    );
    await tx.execute('DELETE FROM app.term_stat WHERE tenant_id = $1 AND knowledge_base_id = $2 AND df <= 0', [
      tx.tenantId,
      knowledgeBaseId,
    ]);
    await tx.execute(
      `UPDATE app.knowledge_base SET document_count = greatest(0, document_count - 1),
         chunk_count = greatest(0, chunk_count - $3), term_total = greatest(0, term_total - $4)
       WHERE tenant_id = $1 AND id = $2`,
      [tx.tenantId, knowledgeBaseId, Number(hidden.chunks), Number(hidden.terms)],
    );
  }

  /** The row with its chunks, vectors and postings. Unpublish it first. */
  async delete(tx: TenantTx, id: string): Promise<boolean> {
    return (await tx.execute('DELETE FROM app.document WHERE tenant_id = $1 AND id = $2', [tx.tenantId, id])) > 0;
  }

  async anyIds(scope: TenantScope, knowledgeBaseId: string, limit: number): Promise<string[]> {
    const sql = 'SELECT id FROM app.document WHERE tenant_id = $1 AND knowledge_base_id = $2 LIMIT $3';
    const rows = await this.work.query<{ id: string }>(scope, sql, [scope.tenantId, knowledgeBaseId, limit]);
    return rows.map(({ id }) => id);
  }

  async isPrincipal(tx: TenantTx, id: string): Promise<boolean> {
    return (
      (await tx.query('SELECT 1 FROM app.principal WHERE tenant_id = $1 AND id = $2', [tx.tenantId, id])).length > 0
    );
  }

  /** @param after ordinal of the last one of the previous page, -1 for the first */
  async chunks(scope: TenantScope, id: string, after: number, limit: number): Promise<StoredChunk[]> {
    return this.work.query<StoredChunk>(
      scope,
      `SELECT id, ordinal, page, section, content FROM app.chunk
       WHERE tenant_id = $1 AND document_id = $2 AND ordinal > $3 ORDER BY ordinal LIMIT $4`,
      [scope.tenantId, id, after, limit],
    );
  }
}

export function toDocument(row: Row): StoredDocument {
  return {
    id: row.id,
    knowledgeBaseId: row.knowledge_base_id,
    ownerId: row.owner_id,
    personas: row.personas,
    title: row.title,
    sourceType: row.source_type,
    sourceUrl: row.source_url,
    mimeType: row.mime_type,
    fileName: row.file_name,
    size: row.size,
    status: row.status,
    progress: row.progress,
    chunkCount: row.chunk_count,
    attempt: row.attempt,
    error: row.error,
    metadata: row.metadata,
    record: row.record,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
