import { atMost } from '#platform/text';
import { z } from 'zod';
import type { Passage, SearchRequest, SearchResult } from '../retrieval.types.js';

export const searchBody = z
  .strictObject({
    query: z
      .string()
      .min(1)
      .check(...atMost(16_000)),
    top_k: z.int().min(1).max(50).optional(),
    filter: z
      .record(
        z
          .string()
          .min(1)
          .check(...atMost(200)),
        z.union([z.string().check(...atMost(1000)), z.number(), z.boolean()]),
      )
      .optional(),
  })
  .meta({ examples: [{ query: 'How long is the warranty?', top_k: 3 }] });
export type SearchBody = z.infer<typeof searchBody>;

const passageResponse = z
  .object({
    chunk_id: z.string(),
    document_id: z.string(),
    title: z.string(),
    page: z.number().nullable(),
    section: z.string().nullable(),
    url: z.string().nullable(),
    content: z.string(),
    score: z.number(),
    vector_score: z.number().nullable(),
    text_score: z.number().nullable(),
    coverage: z.number(),
  })
  .meta({ id: 'Passage' });

export const searchResponse = z.object({ data: z.array(passageResponse), degraded: z.boolean() });
export type SearchResponse = z.infer<typeof searchResponse>;

export function toSearchRequest(knowledgeBaseId: string, body: SearchBody): SearchRequest {
  const { filter, query, top_k: topK } = body;
  return { query, knowledgeBaseIds: [knowledgeBaseId], topK, filter, onEmbedderFailure: 'go on' };
}

export function toSearchResponse(result: SearchResult): SearchResponse {
  return { data: result.passages.map(toPassageResponse), degraded: result.degraded };
}

function toPassageResponse(passage: Passage): z.infer<typeof passageResponse> {
  return {
    chunk_id: passage.chunkId,
    document_id: passage.documentId,
    title: passage.title,
    page: passage.page,
    section: passage.section,
    url: passage.url,
    content: passage.content,
    score: passage.score,
    vector_score: passage.vectorScore,
    text_score: passage.textScore,
    coverage: passage.coverage,
  };
}
