import { fold, neutralise } from '#platform/text';
import { z } from 'zod';
import { QueryRewriter, type RewriteRequest } from '../steps/query-rewriter.js';
import type { ModelCalls } from './model-calls.js';

export class ModelQueryRewriter extends QueryRewriter {
  constructor(
    private readonly calls: ModelCalls,
    private readonly otherwise: QueryRewriter,
  ) {
    super();
  }

  /** The first search is not worth a call of its own. */
  override standalone(request: RewriteRequest, signal: AbortSignal): Promise<string> {
    return this.otherwise.standalone(request, signal);
  }

  override async rewrite({ question, history }: RewriteRequest, signal: AbortSignal): Promise<string | null> {
    const talk = history
      .filter(({ role }) => role !== 'system')
      .slice(-4)
      .map(({ role, content }) => `${role === 'user' ? 'Customer' : 'Service'}: ${neutralise(content, 300)}`);
    const answer = await this.calls.structuredOrNull(
      {
        purpose: 'rewrite',
        messages: [
          {
            role: 'system',
            content:
              'Rewrite the question as one search query for a company’s help documents: complete without the conversation, in the language of the question, with likely other words for the same thing.',
          },
          { role: 'user', content: [...talk, `Question: ${question}`].join('\n') },
        ],
        temperature: 0,
        maxTokens: 120,
      },
      { name: 'search_query', schema: z.object({ query: z.string() }) },
      signal,
    );
    const query = answer?.query.trim().slice(0, 500) ?? '';
    return query === '' || fold(query) === fold(question) ? null : query;
  }
}
