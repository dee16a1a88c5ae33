import { type EmbeddingSpace, insertUsage, recordUsage, type UsageRow } from '#llm';
import type { TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import type { DocumentFault, SourceType } from '../documents/document.js';
import type { KnowledgeBaseSettings } from '../knowledge-bases/knowledge-base.js';
import { vectorValue } from '../retrieval/vector-value.js';

/** A document in work. `attempt` is the claim's fencing number: whoever holds an older one may change nothing. */
export interface ClaimedDocument {
  readonly tenantId: string;
  readonly id: string;
  readonly attempt: number;
  readonly knowledgeBaseId: string;
  readonly sourceType: SourceType;
  readonly mimeType: string;
  readonly fileName: string | null;
  readonly title: string;
  readonly record: Readonly<Record<string, unknown>> | null;
  readonly language: string;
  readonly chunkSize: number;
  readonly chunkOverlap: number;
  readonly settings: KnowledgeBaseSettings;
  readonly spaceId: string;
  readonly space: EmbeddingSpace;
  /** Who brought it: on whose account it is embedded. */
  readonly createdBy: string | null;
}

export interface NewChunk {
  readonly id: string;
  readonly ordinal: number;
  readonly page: number | null;
  readonly section: string | null;
  readonly content: string;
  /** As `lexicalText` gives it. */
  readonly words: string;
}

interface ClaimRow {
  attempt: number;
  knowledge_base_id: string;
  source_type: SourceType;
  mime_type: string;
  file_name: string | null;
  title: string;
  record: Record<string, unknown> | null;
  language: string;
  chunk_size: number;
  chunk_overlap: number;
  settings: KnowledgeBaseSettings;
  space_id: string;
  provider: string;
  model: string;
  dimensions: number;
  created_by: string | null;
}

/** The claim was lost: somebody else took the document over, or it is gone. Not an error of the document. */
export class ClaimLostError extends Error {
  constructor() {
    super('The document was deleted or taken over');
    this.name = 'ClaimLostError';
  }
}

const FENCE = 'tenant_id = $1 AND id = $2 AND attempt = $3';

/** The writes of an ingestion. Each checks the claim in its own transaction. */
@Injectable()
export class IngestionRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** @returns null when there is nothing to do: it is gone, ready or failed */
  async claim(scope: TenantScope, id: string): Promise<ClaimedDocument | null> {
    const [row] = await this.work.query<ClaimRow>(
      scope,
      `UPDATE app.document d SET status = 'parsing', progress = 0, error = NULL, attempt = d.attempt + 1, updated_at = now()
       FROM app.knowledge_base k JOIN app.embedding_space s ON s.tenant_id = k.tenant_id AND s.id = k.space_id
       WHERE d.tenant_id = $1 AND d.id = $2 AND d.status NOT IN ('ready', 'failed')
         AND k.tenant_id = $1 AND k.id = d.knowledge_base_id
       RETURNING d.attempt, d.knowledge_base_id, d.source_type, d.mime_type, d.file_name, d.title, d.record,
         k.language, k.chunk_size, k.chunk_overlap, k.settings, k.space_id, s.provider, s.model, s.dimensions,
         d.created_by`,
      [scope.tenantId, id],
    );
    return row === undefined ? null : toClaimed(scope.tenantId, id, row);
  }

  /** Also the sign of life that keeps others from taking the document over. */
  async progress(
    document: ClaimedDocument,
    status: 'parsing' | 'chunking' | 'embedding',
    progress: number,
  ): Promise<void> {
    await this.fenced(
      `UPDATE app.document SET status = $4, progress = $5, updated_at = now() WHERE ${FENCE} RETURNING 1`,
      [...fence(document), status, progress],
    );
  }

  /** Leaves only chunks that this attempt makes too. @returns the ids that stand already */
  async keepChunks(document: ClaimedDocument, ids: readonly string[], progress: number): Promise<Set<string>> {
    const { id, tenantId } = document;
    return this.work.run(document, async (tx) => {
      const [held, , standing] = await Promise.all([
        tx.query(
          `UPDATE app.document SET status = 'chunking', progress = $4, updated_at = now() WHERE ${FENCE} RETURNING 1`,
          [...fence(document), progress],
        ),
        tx.execute('DELETE FROM app.chunk WHERE tenant_id = $1 AND document_id = $2 AND NOT (id = ANY($3::uuid[]))', [
          tenantId,
          id,
          ids,
        ]),
        tx.query<{ id: string }>('SELECT id FROM app.chunk WHERE tenant_id = $1 AND document_id = $2', [tenantId, id]),
      ]);
      if (held.length === 0) throw new ClaimLostError();
      return new Set(standing.map((row) => row.id));
    });
  }

  /** Chunks with their postings, not yet searchable. */
  async insertChunks(
    document: ClaimedDocument,
    chunks: readonly NewChunk[],
    config: string,
    progress: number,
  ): Promise<void> {
    await this.fenced(
      `WITH held AS (
         UPDATE app.document SET progress = $4, updated_at = now() WHERE ${FENCE} RETURNING owner_id, personas
       ),
       given AS (
         SELECT g.* FROM jsonb_to_recordset($6::jsonb)
           AS g(id uuid, ordinal int, page int, section text, content text, words text)
       ),
       posting AS MATERIALIZED (
         SELECT given.id, word.lexeme AS term, array_length(word.positions, 1) AS tf
         FROM given CROSS JOIN LATERAL unnest(to_tsvector($7::regconfig, given.words)) AS word
       ),
       inserted AS (
         INSERT INTO app.chunk (tenant_id, id, knowledge_base_id, document_id, owner_id, personas, ordinal, page, section,
           content, term_count)
         SELECT $1, given.id, $5, $2, held.owner_id, held.personas, given.ordinal, given.page, given.section, given.content,
           coalesce((SELECT sum(tf) FROM posting WHERE posting.id = given.id), 0)
         FROM given CROSS JOIN held
         RETURNING id
       ),
       posted AS (
         INSERT INTO app.chunk_term (tenant_id, knowledge_base_id, term, chunk_id, tf)
         SELECT $1, $5, posting.term, posting.id, posting.tf FROM posting JOIN inserted ON inserted.id = posting.id
         RETURNING 1
       )
       SELECT (SELECT count(*) FROM posted) AS postings FROM held`,
      [...fence(document), progress, document.knowledgeBaseId, JSON.stringify(chunks), config],
    );
  }

  /** Ids of the document's chunks that have a vector in its space. */
  async embedded(document: ClaimedDocument): Promise<Set<string>> {
    const rows = await this.work.query<{ chunk_id: string }>(
      document,
      `SELECT v.chunk_id FROM app.chunk_vector v JOIN app.chunk c ON c.tenant_id = v.tenant_id AND c.id = v.chunk_id
       WHERE v.tenant_id = $1 AND v.space_id = $3 AND c.document_id = $2`,
      [document.tenantId, document.id, document.spaceId],
    );
    return new Set(rows.map((row) => row.chunk_id));
  }

  /** @param usage what these vectors cost: written with them, so that what is paid once stands in the books once */
  async insertVectors(
    document: ClaimedDocument,
    vectors: readonly { readonly chunkId: string; readonly vector: Float32Array }[],
    progress: number,
    usage: readonly UsageRow[],
  ): Promise<void> {
    const places = vectors.map((_, index) => `($${index * 2 + 10}::uuid, $${index * 2 + 11}::vector)`);
    await this.fenced(
      `WITH held AS (
         UPDATE app.document SET progress = $4, status = 'embedding', updated_at = now() WHERE ${FENCE} RETURNING 1
       ),
       stored AS (
         INSERT INTO app.chunk_vector (tenant_id, space_id, chunk_id, knowledge_base_id, dims, embedding)
         SELECT $1, $5, given.id, $6, $7, given.embedding FROM (VALUES ${places.join(', ')}) AS given(id, embedding)
         CROSS JOIN held
         ON CONFLICT (tenant_id, space_id, chunk_id) DO NOTHING RETURNING 1
       ),
       used AS (
         ${insertUsage({ tenant: '$1', turn: 'NULL', principal: '$8', rows: '$9', provided: 'held' })}
       )
       SELECT (SELECT count(*) FROM stored) AS stored FROM held`,
      [
        ...fence(document),
        progress,
        document.spaceId,
        document.knowledgeBaseId,
        document.space.dimensions,
        document.createdBy,
        JSON.stringify(usage),
        ...vectors.flatMap(({ chunkId, vector }) => [chunkId, vectorValue(vector)]),
      ],
    );
  }

  /** What was paid for vectors that could not be stored. The claim does not matter: it was paid. */
  async recordUsage({ createdBy, tenantId }: ClaimedDocument, usage: readonly UsageRow[]): Promise<void> {
    await recordUsage(this.work, { tenantId, turnId: null, principalId: createdBy }, usage);
  }

  /** From here on the document is found, whole. */
  async publish(document: ClaimedDocument, title: string | null): Promise<void> {
    const { id, knowledgeBaseId, tenantId } = document;
    await this.work.run(document, async (tx) => {
      // They leave together; the claim is judged before the commit.
      const [base, held] = await Promise.all([
        tx.query('SELECT 1 FROM app.knowledge_base WHERE tenant_id = $1 AND id = $2 FOR UPDATE', [
          tenantId,
          knowledgeBaseId,
        ]),
        tx.query(
          `UPDATE app.document SET status = 'ready', progress = 1, error = NULL, updated_at = now(),
             title = coalesce($4, title),
             chunk_count = (SELECT count(*) FROM app.chunk c WHERE c.tenant_id = $1 AND c.document_id = $2)
           WHERE ${FENCE} RETURNING 1`,
          [...fence(document), title],
        ),
        tx.execute(
          `INSERT INTO app.term_stat AS stat (tenant_id, knowledge_base_id, term, df)
           SELECT $1, $3, p.term, count(*) FROM app.chunk c
           JOIN app.chunk_term p ON p.tenant_id = $1 AND p.chunk_id = c.id
           WHERE c.tenant_id = $1 AND c.document_id = $2 AND NOT c.searchable
           GROUP BY p.term
           ON CONFLICT (tenant_id, knowledge_base_id, term) DO UPDATE SET df = stat.df + excluded.df`,
          [tenantId, id, knowledgeBaseId],
        ),
        tx.execute(
          `WITH shown AS (
             UPDATE app.chunk SET searchable = true WHERE tenant_id = $1 AND document_id = $2 AND NOT searchable
             RETURNING term_count
           )
           UPDATE app.knowledge_base SET document_count = document_count + 1,
             chunk_count = chunk_count + (SELECT count(*) FROM shown),
             term_total = term_total + (SELECT coalesce(sum(term_count), 0) FROM shown)
           WHERE tenant_id = $1 AND id = $3`,
          [tenantId, id, knowledgeBaseId],
        ),
      ]);
      if (base.length === 0 || held.length === 0) throw new ClaimLostError();
    });
  }

  async fail(document: ClaimedDocument, fault: DocumentFault): Promise<void> {
    await this.fenced(
      `UPDATE app.document SET status = 'failed', error = $4, updated_at = now() WHERE ${FENCE} RETURNING 1`,
      [...fence(document), JSON.stringify(fault)],
    );
  }

  /** Gives the document back, so that the next worker (or the next start) takes it at once. */
  async release(document: ClaimedDocument): Promise<void> {
    await this.work.query(document, `UPDATE app.document SET status = 'queued', updated_at = now() WHERE ${FENCE}`, [
      ...fence(document),
    ]);
  }

  /** Documents of every tenant that nobody has touched for so long. Ids only. */
  async unfinished(olderThanSeconds: number, limit: number): Promise<{ tenantId: string; documentId: string }[]> {
    const rows = await this.work.lookup<{ tenant_id: string; document_id: string }>(
      'SELECT tenant_id, document_id FROM app.unfinished_documents($1, $2)',
      [olderThanSeconds, limit],
    );
    return rows.map((row) => ({ tenantId: row.tenant_id, documentId: row.document_id }));
  }

  private async fenced(sql: string, values: readonly unknown[]): Promise<void> {
    const [tenantId] = values;
    if (typeof tenantId !== 'string') throw new Error('A fenced write starts with its tenant');
    if ((await this.work.query({ tenantId }, sql, values)).length === 0) throw new ClaimLostError();
  }
}

function fence(document: ClaimedDocument): [string, string, number] {
  return [document.tenantId, document.id, document.attempt];
}

function toClaimed(tenantId: string, id: string, row: ClaimRow): ClaimedDocument {
  return {
    tenantId,
    id,
    attempt: row.attempt,
    knowledgeBaseId: row.knowledge_base_id,
    sourceType: row.source_type,
    mimeType: row.mime_type,
    fileName: row.file_name,
    title: row.title,
    record: row.record,
    language: row.language,
    chunkSize: row.chunk_size,
    chunkOverlap: row.chunk_overlap,
    settings: row.settings,
    spaceId: row.space_id,
    space: { provider: row.provider, model: row.model, dimensions: row.dimensions },
    createdBy: row.created_by,
  };
}
