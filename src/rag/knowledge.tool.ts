import { type BuiltinTool, toolFailure, type ToolCallContext, type ToolResult } from '#tools';
import type { RetrievalService } from './retrieval/retrieval.service.js';

/** Its key among the built-in tools. */
export const SEARCH_KNOWLEDGE = 'search_knowledge';

const QUOTE = 400;

/** The knowledge bases as a tool: `config.knowledge_base_ids` says which; the arguments only say what is asked. */
export function knowledgeTool(retrieval: RetrievalService): BuiltinTool {
  return {
    key: SEARCH_KNOWLEDGE,
    description: 'Searches the knowledge bases and returns the passages that answer a question.',
    readOnly: true,
    inputSchema: {
      type: 'object',
      properties: {
        query: { type: 'string', minLength: 1, maxLength: 2000, description: 'What to look for, as a full question' },
      },
      required: ['query'],
      additionalProperties: false,
    },
    execute: (args, context, config) => search(retrieval, args, context, config),
  };
}

async function search(
  retrieval: RetrievalService,
  args: Readonly<Record<string, unknown>>,
  { ctx, signal, turnId }: ToolCallContext,
  config: Readonly<Record<string, unknown>>,
): Promise<ToolResult> {
  const ids = config['knowledge_base_ids'];
  const knowledgeBaseIds = Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
  if (knowledgeBaseIds.length === 0) {
    return toolFailure(
      'INVALID_INPUT',
      'The tool names no knowledge base: add knowledge_base_ids to its configuration.',
    );
  }
  const topK = config['top_k'];
  const { degraded, passages } = await retrieval.search(
    ctx,
    { query: String(args['query']), knowledgeBaseIds, ...(typeof topK === 'number' ? { topK } : {}) },
    signal,
    retrieval.onAccount(ctx, turnId),
  );
  return {
    ok: true,
    data: {
      degraded,
      passages: passages.map(({ content, page, score, section, title }) => ({ title, section, page, content, score })),
    },
    citations: passages.map((passage) => ({
      document_id: passage.documentId,
      chunk_id: passage.chunkId,
      title: passage.title,
      page: passage.page,
      section: passage.section,
      url: passage.url,
      score: passage.score,
      quote: passage.content.slice(0, QUOTE),
    })),
  };
}
