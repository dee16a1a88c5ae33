import { isStaff, type RequestContext } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { vectorValue } from '../retrieval/vector-value.js';
import type { Facts } from './match-score.js';

export interface CandidateRecord {
  readonly documentId: string;
  readonly title: string;
  readonly record: Facts;
  /** Cosine; null when nothing was compared. */
  readonly similarity: number | null;
}

/** Records of a base that the caller may see. */
@Injectable()
export class MatchingRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** The nearest records first, at most `limit`; without a vector the newest. */
  async candidates(
    ctx: RequestContext,
    knowledgeBaseId: string,
    vector: { readonly spaceId: string; readonly values: Float32Array } | null,
    limit: number,
  ): Promise<CandidateRecord[]> {
    const compared = vector !== null;
    const rows = await this.work.query<{
      document_id: string;
      title: string;
      record: Facts;
      similarity: number | null;
    }>(
      ctx,
      `SELECT d.id AS document_id, d.title, d.record, ${compared ? '1 - (v.embedding <=> $7::vector)' : 'NULL::float8'} AS similarity
       FROM app.document d
       ${
         compared
           ? `JOIN app.chunk c ON c.tenant_id = $1 AND c.document_id = d.id AND c.searchable
       JOIN app.chunk_vector v ON v.tenant_id = $1 AND v.space_id = $8 AND v.chunk_id = c.id`
           : ''
       }
       WHERE d.tenant_id = $1 AND d.knowledge_base_id = $2 AND d.status = 'ready' AND d.record IS NOT NULL
         AND (d.owner_id IS NULL OR d.owner_id = $3) AND ($5 OR d.personas = '{}' OR $4 = ANY(d.personas))
       ORDER BY ${compared ? '4 DESC, ' : ''}d.id DESC LIMIT $6`,
      [
        ctx.tenantId,
        knowledgeBaseId,
        ctx.principal.id,
        ctx.principal.persona,
        isStaff(ctx.principal),
        limit,
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
}
