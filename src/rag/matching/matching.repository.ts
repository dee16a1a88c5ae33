import type { RequestContext } from '#platform/context';
import { seesAsStaff } from '#platform/http';
import { UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { vectorValue } from '../retrieval/vector-value.js';
import type { Facts } from './match-score.js';
import type { Candidate } from './select-matches.js';

/** Whose records a vocabulary is made from: nobody's own, and of a persona those that it may see. */
const SEEN = `d.tenant_id = $1 AND d.knowledge_base_id = $2 AND d.status = 'ready' AND d.record IS NOT NULL`;

/** Of these the newest that everybody of the caller's persona may see. */
const SHARED = `${SEEN} AND d.owner_id IS NULL AND ($4 OR d.personas = '{}' OR $3 = ANY(d.personas))
       ORDER BY d.id DESC LIMIT $5`;

/** Records of a base that the caller may see. */
@Injectable()
export class MatchingRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** The newest records that everybody of the caller's persona may see, for the words that they are written in. */
  async shared(ctx: RequestContext, knowledgeBaseId: string, limit: number): Promise<Facts[]> {
    const rows = await this.work.query<{ record: Facts }>(
      ctx,
      `SELECT d.record FROM app.document d WHERE ${SHARED}`,
      [ctx.tenantId, knowledgeBaseId, ctx.principal.persona, seesAsStaff(ctx.principal, 'knowledge.read'), limit],
      'rag_match_words',
    );
    return rows.map(({ record }) => record);
  }

  /** Tells two states of the same records apart, without reading them: which they are and when each was changed last. */
  async sharedState(ctx: RequestContext, knowledgeBaseId: string, limit: number): Promise<string> {
    const [row] = await this.work.query<{ state: string }>(
      ctx,
      `SELECT concat(count(*), '/', sum(hashtextextended(concat(id, updated_at), 0))) AS state
       FROM (SELECT d.id, d.updated_at FROM app.document d WHERE ${SHARED}) AS newest`,
      [ctx.tenantId, knowledgeBaseId, ctx.principal.persona, seesAsStaff(ctx.principal, 'knowledge.read'), limit],
      'rag_match_state',
    );
    return row?.state ?? '';
  }

  /**
   * Those that meet most of the conditions first, then the nearest, at most `limit`; without a vector the newest.
   * @param conditions SQL/JSON paths, each true or false of a record
   */
  async candidates(
    ctx: RequestContext,
    knowledgeBaseId: string,
    {
      conditions,
      limit,
      vector,
    }: {
      readonly conditions: readonly string[];
      readonly limit: number;
      readonly vector: { readonly spaceId: string; readonly values: Float32Array } | null;
    },
  ): Promise<Candidate[]> {
    const compared = vector !== null;
    const rows = await this.work.query<{
      document_id: string;
      title: string;
      record: Facts;
      similarity: number | null;
    }>(
      ctx,
      `SELECT d.id AS document_id, d.title, d.record, ${compared ? '1 - (v.embedding <=> $8::vector)' : 'NULL::float8'} AS similarity
       FROM app.document d
       ${
         compared
           ? `JOIN app.chunk c ON c.tenant_id = $1 AND c.document_id = d.id AND c.searchable
       JOIN app.chunk_vector v ON v.tenant_id = $1 AND v.space_id = $9 AND v.chunk_id = c.id`
           : ''
       }
       WHERE ${SEEN}
         AND (d.owner_id IS NULL OR d.owner_id = $3) AND ($5 OR d.personas = '{}' OR $4 = ANY(d.personas))
       ORDER BY (SELECT count(*) FROM unnest($7::text[]) AS condition WHERE d.record @@ condition::jsonpath) DESC,
         ${compared ? '4 DESC, ' : ''}d.id DESC LIMIT $6`,
      [
        ctx.tenantId,
        knowledgeBaseId,
        ctx.principal.id,
        ctx.principal.persona,
        seesAsStaff(ctx.principal, 'knowledge.read'),
        limit,
        conditions,
        ...(vector === null ? [] : [vectorValue(vector.values), vector.spaceId]),
      ],
      compared ? 'rag_match_vector' : 'rag_match',
    );
    return rows.map((row) => ({
      documentId: row.document_id,
      title: row.title,
      record: row.record,
      similarity: row.similarity,
    }));
  }

  /** Those of some documents that the caller may (still) see, compared with nothing. */
  async byIds(ctx: RequestContext, knowledgeBaseId: string, ids: readonly string[]): Promise<Candidate[]> {
    const rows = await this.work.query<{ document_id: string; title: string; record: Facts }>(
      ctx,
      `SELECT d.id AS document_id, d.title, d.record FROM app.document d
       WHERE ${SEEN} AND d.id = ANY($6::uuid[])
         AND (d.owner_id IS NULL OR d.owner_id = $3) AND ($5 OR d.personas = '{}' OR $4 = ANY(d.personas))`,
      [
        ctx.tenantId,
        knowledgeBaseId,
        ctx.principal.id,
        ctx.principal.persona,
        seesAsStaff(ctx.principal, 'knowledge.read'),
        ids,
      ],
      'rag_match_again',
    );
    return rows.map(({ document_id: documentId, record, title }) => ({ documentId, title, record, similarity: null }));
  }
}
