import type { TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { COUNTED_AT_ONCE, deleteChunks } from '../lexical/term-statistics.repository.js';
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
  wait_reason: string | null;
  wait_until: Date | null;
  error: DocumentFault | null;
  metadata: Record<string, unknown>;
  record: Record<string, unknown> | null;
  created_at: Date;
  updated_at: Date;
}

const COLUMNS = `id, knowledge_base_id, owner_id, personas, title, source_type, source_url, mime_type, file_name, size, status,
  progress, chunk_count, attempt, wait_reason, wait_until, error, metadata, record, created_at, updated_at`;

export interface DocumentQuery {
  readonly status: DocumentStatus | null;
  /** Id of the last one of the previous page. */
  readonly before: string | null;
  readonly limit: number;
  /** False leaves out the documents that belong to one user. */
  readonly owned?: boolean;
}

/** Rows of `document`, and what hangs on them when they go. */
@Injectable()
export class DocumentRepository {
  constructor(private readonly work: UnitOfWork) {}

  async find(scope: TenantScope, knowledgeBaseId: string, id: string): Promise<StoredDocument | null> {
    const sql = `SELECT ${COLUMNS} FROM app.document
      WHERE tenant_id = $1 AND knowledge_base_id = $2 AND id = $3 AND deleted_at IS NULL`;
    const [row] = await this.work.query<Row>(scope, sql, [scope.tenantId, knowledgeBaseId, id]);
    return row === undefined ? null : toDocument(row);
  }

  /** In whichever base it is. */
  async findAnywhere(tx: TenantTx, id: string): Promise<StoredDocument | null> {
    const sql = `SELECT ${COLUMNS} FROM app.document WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL`;
    const row = await tx.one<Row>(sql, [tx.tenantId, id]);
    return row === null ? null : toDocument(row);
  }

  async findForUpdate(tx: TenantTx, knowledgeBaseId: string, id: string): Promise<StoredDocument | null> {
    const sql = `SELECT ${COLUMNS} FROM app.document
      WHERE tenant_id = $1 AND knowledge_base_id = $2 AND id = $3 AND deleted_at IS NULL FOR UPDATE`;
    const row = await tx.one<Row>(sql, [tx.tenantId, knowledgeBaseId, id]);
    return row === null ? null : toDocument(row);
  }

  /** Newest first. */
  async list(scope: TenantScope, knowledgeBaseId: string, query: DocumentQuery): Promise<StoredDocument[]> {
    const rows = await this.work.query<Row>(
      scope,
      `SELECT ${COLUMNS} FROM app.document WHERE tenant_id = $1 AND knowledge_base_id = $2 AND deleted_at IS NULL
         AND ($3::uuid IS NULL OR id < $3) AND ($4::text IS NULL OR status = $4) AND ($6 OR owner_id IS NULL)
       ORDER BY id DESC LIMIT $5`,
      [scope.tenantId, knowledgeBaseId, query.before, query.status, query.limit, query.owned ?? true],
    );
    return rows.map(toDocument);
  }

  async insert(
    tx: TenantTx,
    document: StoredDocument,
    by: string | null,
    contentHash: Buffer | null = null,
  ): Promise<void> {
    await tx.execute(
      `INSERT INTO app.document (tenant_id, id, knowledge_base_id, owner_id, personas, title, source_type, source_url, mime_type,
         file_name, size, status, metadata, record, created_by, content_hash, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)`,
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
        contentHash,
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
      `UPDATE app.document SET status = 'queued', progress = 0, error = NULL, attempt = attempt + 1, held = false, strikes = 0,
         wait_reason = NULL, wait_until = NULL, trouble_since = NULL, updated_at = now()
       WHERE tenant_id = $1 AND id = $2`,
      [tx.tenantId, id],
    );
  }

  /** All documents of one owner. */
  /** Of all documents and records of a tenant, as they came. */
  async storedBytes(tx: TenantTx): Promise<number> {
    const row = await tx.one<{ bytes: string }>(
      'SELECT coalesce(sum(size), 0) AS bytes FROM app.document WHERE tenant_id = $1 AND deleted_at IS NULL',
      [tx.tenantId],
    );
    return Number(row?.bytes ?? 0);
  }

  ownedBy(scope: TenantScope, ownerId: string): Promise<{ id: string; knowledgeBaseId: string; hasFile: boolean }[]> {
    return this.work.query(
      scope,
      `SELECT id, knowledge_base_id AS "knowledgeBaseId", record IS NULL AS "hasFile" FROM app.document
        WHERE tenant_id = $1 AND owner_id = $2 ORDER BY id`,
      [scope.tenantId, ownerId],
    );
  }

  /**
   * The document's row, locked. The knowledge base's row is locked before it, here and in `publish`, so that two of them
   * never wait for each other.
   */
  async lock(tx: TenantTx, knowledgeBaseId: string, id: string): Promise<StoredDocument | null> {
    await tx.execute('SELECT 1 FROM app.knowledge_base WHERE tenant_id = $1 AND id = $2 FOR UPDATE', [
      tx.tenantId,
      knowledgeBaseId,
    ]);
    return this.findForUpdate(tx, knowledgeBaseId, id);
  }

  /** Takes a document out of the search; nothing to do for one that was not in. Lock it first. */
  async hide(tx: TenantTx, knowledgeBaseId: string, id: string): Promise<void> {
    await tx.execute(
      `WITH hidden AS (
         UPDATE app.chunk SET searchable = false WHERE tenant_id = $1 AND document_id = $3 AND searchable RETURNING term_count
       ),
       sums AS (SELECT count(*) AS chunks, coalesce(sum(term_count), 0) AS terms FROM hidden)
       UPDATE app.knowledge_base SET document_count = greatest(0, document_count - 1),
         chunk_count = greatest(0, chunk_count - sums.chunks), term_total = greatest(0, term_total - sums.terms)
       FROM sums WHERE tenant_id = $1 AND id = $2 AND sums.chunks > 0`,
      [tx.tenantId, knowledgeBaseId, id],
    );
  }

  /** From here on nobody sees it, and a run that is under way loses its claim. */
  async markDeleted(tx: TenantTx, id: string): Promise<void> {
    await tx.execute(
      `UPDATE app.document SET deleted_at = now(), attempt = attempt + 1, held = false WHERE tenant_id = $1 AND id = $2`,
      [tx.tenantId, id],
    );
  }

  /** Some chunks of a marked document; with the last ones its row. @returns whether it is gone */
  async deleteSome(tx: TenantTx, knowledgeBaseId: string, id: string): Promise<boolean> {
    const rows = await tx.query<{ id: string }>(
      'SELECT id FROM app.chunk WHERE tenant_id = $1 AND document_id = $2 ORDER BY ordinal LIMIT $3',
      [tx.tenantId, id, COUNTED_AT_ONCE],
    );
    await deleteChunks(
      tx,
      knowledgeBaseId,
      rows.map((row) => row.id),
    );
    if (rows.length === COUNTED_AT_ONCE) return false;
    await tx.execute('DELETE FROM app.document WHERE tenant_id = $1 AND id = $2', [tx.tenantId, id]);
    return true;
  }

  /** Marked documents of every tenant, so long after. Ids only. */
  async halfDeleted(olderThanSeconds: number, most: number): Promise<{ tenantId: string; documentId: string }[]> {
    const rows = await this.work.lookup<{ tenant_id: string; document_id: string }>(
      'SELECT tenant_id, document_id FROM app.deleted_documents($1, $2)',
      [olderThanSeconds, most],
    );
    return rows.map((row) => ({ tenantId: row.tenant_id, documentId: row.document_id }));
  }

  /** Of a marked document too; null when there is no such row. */
  async knowledgeBaseOf(scope: TenantScope, id: string): Promise<string | null> {
    const sql = 'SELECT knowledge_base_id AS base FROM app.document WHERE tenant_id = $1 AND id = $2';
    const [row] = await this.work.query<{ base: string }>(scope, sql, [scope.tenantId, id]);
    return row?.base ?? null;
  }

  /** Some of a knowledge base, for its removal: marked ones too. */
  async someOf(
    scope: TenantScope,
    knowledgeBaseId: string,
    most: number,
  ): Promise<{ knowledgeBaseId: string; id: string; hasFile: boolean }[]> {
    const sql = `SELECT id, record IS NULL AS file FROM app.document
      WHERE tenant_id = $1 AND knowledge_base_id = $2 LIMIT $3`;
    const rows = await this.work.query<{ id: string; file: boolean }>(scope, sql, [
      scope.tenantId,
      knowledgeBaseId,
      most,
    ]);
    return rows.map(({ file, id }) => ({ knowledgeBaseId, id, hasFile: file }));
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
    waiting: waitingOf(row),
    error: row.error,
    metadata: row.metadata,
    record: row.record,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** A wait that is over says nothing any more. */
function waitingOf({ wait_reason: reason, wait_until: until }: Row): StoredDocument['waiting'] {
  return reason === null || until === null || until.getTime() <= Date.now() ? null : { reason, until };
}
