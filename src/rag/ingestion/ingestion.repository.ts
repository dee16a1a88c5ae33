import { type EmbeddingSpace, insertUsage, recordUsage, type UsageRow } from '#llm';
import type { TenantScope } from '#platform/context';
import { isPassing, newId, type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DocumentFault, SourceType } from '../documents/document.js';
import type { KnowledgeBaseSettings } from '../knowledge-bases/knowledge-base.js';
import { COUNTED_AT_ONCE, countChunks, deleteChunks, uncountChunks } from '../lexical/term-statistics.repository.js';
import { vectorValue } from '../retrieval/vector-value.js';

/** A document in work. `attempt` is the claim's fencing number: whoever holds an older one may change nothing. */
export interface ClaimedDocument {
  readonly tenantId: string;
  readonly id: string;
  readonly attempt: number;
  /** Claims since something of it was last stored, this one included. */
  readonly strikes: number;
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
  strikes: number;
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

/** Its tenant was suspended: it is given back, and taken up again when the tenant is resumed. */
export class TenantSuspendedMeanwhile extends Error {
  constructor() {
    super('The tenant was suspended');
    this.name = 'TenantSuspendedMeanwhile';
  }
}

/** When nobody works on a document any more, though somebody said so. */
export interface Abandonment {
  /** Seconds without a sign of life. */
  readonly afterSeconds: number;
  /** What was alive before cannot be now: this process has the database to itself since then. */
  readonly startedAt: Date;
}

const FENCE = `tenant_id = $1 AND id = $2 AND attempt = $3 AND deleted_at IS NULL AND status NOT IN ('ready', 'failed')`;
const ALIVE = 'updated_at = now(), heartbeat_at = now()';
/** Something of it was stored: what stood in its way is over. */
const ADVANCED = `${ALIVE}, strikes = 0, wait_reason = NULL, wait_until = NULL`;
/** For how long passing trouble is waited out before the document fails. */
const TROUBLE_MINUTES = 30;
/** How long a write waits for a database that is away. Its document is meanwhile nobody else's, or fenced. */
const PATIENCE_MS = 120_000;
const LONGEST_PAUSE_MS = 2000;

/**
 * The writes of an ingestion. Each checks the claim in its own transaction, may be repeated when its commit's reply was
 * lost, and is repeated while the database is away.
 */
@Injectable()
export class IngestionRepository {
  private readonly stopping = new AbortController();

  constructor(private readonly work: UnitOfWork) {}

  /** The process ends: a database that is away is not waited for any more. */
  stopWaiting(): void {
    this.stopping.abort();
  }

  /**
   * Whose commit's reply was lost is asked for again by its own id: nobody else may take the document for a while.
   * @returns null when there is nothing to do: it is gone, ready, failed or in work, or waits for its time
   */
  async claim(scope: TenantScope, id: string, abandoned: Abandonment): Promise<ClaimedDocument | null> {
    const sql = `UPDATE app.document d SET status = 'parsing', progress = 0, error = NULL, attempt = d.attempt + 1, held = true,
         strikes = d.strikes + (d.claim_id IS DISTINCT FROM $5)::int, claim_id = $5, wait_reason = NULL, wait_until = NULL,
         ${ALIVE}
       FROM app.knowledge_base k JOIN app.embedding_space s ON s.tenant_id = k.tenant_id AND s.id = k.space_id
       WHERE d.tenant_id = $1 AND d.id = $2 AND d.status NOT IN ('ready', 'failed') AND d.deleted_at IS NULL
         AND (NOT d.held OR d.claim_id = $5 OR d.heartbeat_at < greatest(now() - make_interval(secs => $3), $4::timestamptz))
         AND (d.wait_until IS NULL OR d.wait_until <= now())
         AND k.tenant_id = $1 AND k.id = d.knowledge_base_id
         AND NOT EXISTS (SELECT 1 FROM app.tenant t WHERE t.id = $1 AND t.status = 'suspended')
       RETURNING d.attempt, d.strikes, d.knowledge_base_id, d.source_type, d.mime_type, d.file_name, d.title, d.record,
         k.language, k.chunk_size, k.chunk_overlap, k.settings, k.space_id, s.provider, s.model, s.dimensions,
         d.created_by`;
    const values = [scope.tenantId, id, abandoned.afterSeconds, abandoned.startedAt, newId()];
    const [row] = await this.patiently(() => this.work.query<ClaimRow>(scope, sql, values));
    return row === undefined ? null : toClaimed(scope.tenantId, id, row);
  }

  /** The sign of life that keeps others from taking the document over. @throws ClaimLostError, TenantSuspendedMeanwhile */
  async beat(document: ClaimedDocument): Promise<void> {
    const sql = `UPDATE app.document SET heartbeat_at = now() WHERE ${FENCE}
      RETURNING EXISTS (SELECT 1 FROM app.tenant t WHERE t.id = $1 AND t.status = 'suspended') AS suspended`;
    const [held] = await this.work.query<{ suspended: boolean }>(document, sql, fence(document));
    if (held === undefined) throw new ClaimLostError();
    if (held.suspended) throw new TenantSuspendedMeanwhile();
  }

  async progress(
    document: ClaimedDocument,
    status: 'parsing' | 'chunking' | 'embedding',
    progress: number,
  ): Promise<void> {
    await this.fenced(`UPDATE app.document SET status = $4, progress = $5, ${ALIVE} WHERE ${FENCE} RETURNING 1`, [
      ...fence(document),
      status,
      progress,
    ]);
  }

  /** Leaves only chunks that this attempt makes too. @returns the ids that stand already */
  async keepChunks(document: ClaimedDocument, ids: readonly string[], progress: number): Promise<Set<string>> {
    const rows = await this.fenced<{ id: string | null }>(
      `WITH held AS (
         UPDATE app.document SET status = 'chunking', progress = $4, ${ALIVE} WHERE ${FENCE} RETURNING 1
       ) SELECT c.id FROM held LEFT JOIN app.chunk c ON c.tenant_id = $1 AND c.document_id = $2`,
      [...fence(document), progress],
    );
    const found = rows.flatMap(({ id }) => (id === null ? [] : [id]));
    const made = new Set(ids);
    const stale = found.filter((id) => !made.has(id));
    for (let at = 0; at < stale.length; at += COUNTED_AT_ONCE) {
      const some = stale.slice(at, at + COUNTED_AT_ONCE);
      await this.holding(document, (tx) => deleteChunks(tx, document.knowledgeBaseId, some));
    }
    return new Set(found.filter((id) => made.has(id)));
  }

  /** Takes what an earlier attempt counted out of the statistics again. */
  async uncount(document: ClaimedDocument): Promise<void> {
    let more = true;
    while (more) {
      const some = await this.holding(document, (tx) => uncountChunks(tx, document.knowledgeBaseId, document.id));
      more = some === COUNTED_AT_ONCE;
    }
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
         UPDATE app.document SET progress = $4, ${ADVANCED} WHERE ${FENCE} RETURNING owner_id, personas
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
         ON CONFLICT DO NOTHING RETURNING id
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
         UPDATE app.document SET progress = $4, status = 'embedding', trouble_since = NULL, ${ADVANCED}
         WHERE ${FENCE} RETURNING 1
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

  /**
   * From here on the document is found, whole. The statistics of a long one are counted before, some chunks at a time, and
   * what is left of them together with the rest.
   */
  async publish(document: ClaimedDocument, title: string | null, chunks: number): Promise<void> {
    const { id, knowledgeBaseId, tenantId } = document;
    for (let counted = 0; chunks - counted > COUNTED_AT_ONCE;) {
      const some = await this.holding(document, (tx) => countChunks(tx, knowledgeBaseId, id));
      if (some === 0) break;
      counted += some;
    }
    await this.patiently(() =>
      this.work.run(document, async (tx) => {
        // They leave together; the claim is judged before the commit.
        const [base, held] = await Promise.all([
          tx.query('SELECT 1 FROM app.knowledge_base WHERE tenant_id = $1 AND id = $2 FOR UPDATE', [
            tenantId,
            knowledgeBaseId,
          ]),
          tx.query(
            `UPDATE app.document SET status = 'ready', progress = 1, error = NULL, title = coalesce($4, title), held = false,
               trouble_since = NULL, ${ADVANCED},
               chunk_count = (SELECT count(*) FROM app.chunk c WHERE c.tenant_id = $1 AND c.document_id = $2)
             WHERE ${FENCE} RETURNING 1`,
            [...fence(document), title],
          ),
          countChunks(tx, knowledgeBaseId, id),
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
      }),
    );
  }

  async fail(document: ClaimedDocument, fault: DocumentFault): Promise<void> {
    await this.fenced(
      `UPDATE app.document SET status = 'failed', error = $4, held = false, wait_reason = NULL, wait_until = NULL,
         trouble_since = NULL, updated_at = now() WHERE ${FENCE} RETURNING 1`,
      [...fence(document), JSON.stringify(fault)],
    );
  }

  /** Remembers since when there is trouble. @returns whether it has lasted too long to be waited out */
  async troubled(document: ClaimedDocument): Promise<boolean> {
    const [row] = await this.fenced<{ lasting: boolean }>(
      `UPDATE app.document SET trouble_since = coalesce(trouble_since, now()), ${ALIVE}
       WHERE ${FENCE} RETURNING trouble_since < now() - interval '${TROUBLE_MINUTES} minutes' AS lasting`,
      fence(document),
    );
    return row?.lasting ?? false;
  }

  /**
   * Writes down why nothing happens for a while.
   * @param wait `hold`: this worker goes on with it; otherwise whoever finds it first after that time
   */
  async postpone(
    document: ClaimedDocument,
    wait: { readonly reason: string; readonly ms: number; readonly hold: boolean },
  ): Promise<void> {
    await this.fenced(
      `UPDATE app.document SET wait_reason = $4, wait_until = now() + make_interval(secs => $5::float8 / 1000), held = $6,
         strikes = 0, ${ALIVE} WHERE ${FENCE} RETURNING 1`,
      [...fence(document), wait.reason, wait.ms, wait.hold],
    );
  }

  /** Gives the document back, so that the next worker (or the next start) takes it at once. */
  async release(document: ClaimedDocument): Promise<void> {
    const sql = `UPDATE app.document SET status = 'queued', held = false, strikes = greatest(0, strikes - 1),
      updated_at = now() WHERE ${FENCE} AND held`;
    await this.patiently(() => this.work.query(document, sql, fence(document)));
  }

  /**
   * Documents that nobody works on: one of each tenant, the tenant with the fewest in work first.
   * @param served tenants that were served lately, the last one last
   */
  async due(
    abandoned: Abandonment,
    served: readonly string[],
    most: number,
  ): Promise<{ tenantId: string; documentId: string }[]> {
    const rows = await this.work.lookup<{ tenant_id: string; document_id: string }>(
      'SELECT tenant_id, document_id FROM app.due_documents($1, $2, $3::uuid[], $4)',
      [abandoned.afterSeconds, abandoned.startedAt, served, most],
    );
    return rows.map((row) => ({ tenantId: row.tenant_id, documentId: row.document_id }));
  }

  /** Work in a transaction that holds the document's row, and with it the claim. */
  private async holding<T>(document: ClaimedDocument, work: (tx: TenantTx) => Promise<T>): Promise<T> {
    return this.patiently(() =>
      this.work.run(document, async (tx) => {
        const [held, result] = await Promise.all([
          tx.query(`UPDATE app.document SET heartbeat_at = now() WHERE ${FENCE} RETURNING 1`, fence(document)),
          work(tx),
        ]);
        if (held.length === 0) throw new ClaimLostError();
        return result;
      }),
    );
  }

  private async fenced<R>(sql: string, values: readonly unknown[]): Promise<R[]> {
    const [tenantId] = values;
    if (typeof tenantId !== 'string') throw new Error('A fenced write starts with its tenant');
    const rows = await this.patiently(() => this.work.query<R>({ tenantId }, sql, values));
    if (rows.length === 0) throw new ClaimLostError();
    return rows;
  }

  private async patiently<T>(write: () => Promise<T>): Promise<T> {
    const started = performance.now();
    for (let pause = 100; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        return await write();
      } catch (error) {
        const { signal } = this.stopping;
        if (!isPassing(error) || performance.now() - started > PATIENCE_MS || signal.aborted) throw error;
        await sleep(pause, undefined, { signal }).catch(() => undefined);
      }
    }
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
    strikes: row.strikes,
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
