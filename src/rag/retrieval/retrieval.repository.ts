import { recordUsage, type UsageRow } from '#llm';
import type { RequestContext } from '#platform/context';
import { seesAsStaff } from '#platform/http';
import { UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import type { Passage } from '../retrieval.types.js';
import { searchName, type SearchShape, searchSql } from './search.sql.js';
import { vectorValue } from './vector-value.js';

export interface SearchPlan {
  readonly bases: readonly { readonly id: string; readonly config: string }[];
  /** As `lexicalText` gives it; may be empty. */
  readonly words: string;
  readonly vector: { readonly spaceId: string; readonly values: Float32Array; readonly approximate: boolean } | null;
  /** 0–1. */
  readonly vectorWeight: number;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly limit: number;
}

/** The first row also comes when nothing was found, with nothing but the count. */
interface Row {
  unread: number;
  chunk_id: string | null;
  document_id: string;
  knowledge_base_id: string;
  title: string;
  page: number | null;
  section: string | null;
  url: string | null;
  content: string;
  score: number;
  vector_score: number | null;
  text_score: number | null;
  coverage: number;
  /** Of each term of the question: which word it is, counted from 1, and how many chunks of the base have it. */
  asked: readonly (readonly [position: number, df: number])[] | null;
  /** The positions of those that this one has. */
  held: readonly number[] | null;
  chunks: number;
}

/** How many rows of other tenants and bases an index scan may pass on its way to enough of ours. */
const MOST_SCANNED = 100_000;

/** A base is taken to go on with so many chunks that have none of its words: in one of a single chunk all are in every chunk. */
const UNSEEN_CHUNKS = 20;

@Injectable()
export class RetrievalRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** What the questions of a search cost that no turn answers for. */
  async recordUsage(ctx: RequestContext, turnId: string | null, rows: readonly UsageRow[]): Promise<void> {
    await recordUsage(this.work, { tenantId: ctx.tenantId, turnId, principalId: ctx.principal.id }, rows);
  }

  /** One round trip. @returns best first, and how many of the bases' documents are still being read */
  async search(ctx: RequestContext, plan: SearchPlan): Promise<{ passages: Passage[]; unread: number }> {
    const { bases, metadata, vector } = plan;
    const shape: SearchShape = {
      dimensions: vector === null ? null : vector.values.length,
      approximate: vector?.approximate ?? false,
      filtered: metadata !== null,
    };
    const values = [
      ctx.tenantId,
      bases.map(({ id }) => id),
      bases.map(({ config }) => config),
      plan.words,
      ctx.principal.id,
      ctx.principal.persona,
      seesAsStaff(ctx.principal, 'knowledge.read'),
      plan.limit,
      plan.vectorWeight,
      ...(vector === null ? [] : [vectorValue(vector.values), vector.spaceId]),
      ...(metadata === null ? [] : [JSON.stringify(metadata)]),
    ];
    const rows = await this.work.run(ctx, async (tx) => {
      if (shape.approximate) {
        // Not awaited: it leaves together with the search.
        const scan = tx.execute(
          `SELECT set_config('hnsw.iterative_scan', 'strict_order', true), set_config('hnsw.ef_search', '300', true),
             set_config('hnsw.max_scan_tuples', '${MOST_SCANNED}', true)`,
        );
        const found = tx.commitWith<Row>(searchSql(shape), values, searchName(shape));
        await scan;
        return found;
      }
      return tx.commitWith<Row>(searchSql(shape), values, searchName(shape));
    });
    const asked = plan.words.split(' ');
    return { passages: rows.flatMap((row) => toPassage(row, asked)), unread: rows[0]?.unread ?? 0 };
  }
}

function toPassage(row: Row, asked: readonly string[]): Passage | [] {
  if (row.chunk_id === null) return [];
  return {
    chunkId: row.chunk_id,
    documentId: row.document_id,
    knowledgeBaseId: row.knowledge_base_id,
    title: row.title,
    page: row.page,
    section: row.section,
    url: row.url,
    content: row.content,
    score: row.score,
    vectorScore: row.vector_score,
    textScore: row.text_score,
    coverage: row.coverage,
    words: (row.asked ?? []).map(([position, df]) => ({
      word: asked[position - 1] ?? '',
      share: df / (row.chunks + UNSEEN_CHUNKS),
      held: row.held?.includes(position) ?? false,
    })),
  };
}
