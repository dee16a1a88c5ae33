import { contentStems, fold, isStopWord, neutralise } from '#platform/text';
import { z } from 'zod';
import type { ModelCalls } from '../../model/model-calls.js';
import { pointsBack } from '../routing/requests.js';
import type { HistoryMessage } from '../../turn/turn.types.js';
import { QueryRewriter, type RewriteRequest } from '../../steps/query-rewriter.js';

/** A short follow-up takes the words of meaning of the question before it along. */
export function standaloneQuery(question: string, history: readonly HistoryMessage[]): string {
  const short = contentStems(question).length <= 3;
  if (!short || !pointsBack(question)) return question;
  const before = history.findLast(({ role }) => role === 'user');
  return before === undefined ? question : `${before.content.slice(0, 300)} ${question}`;
}

/** Without a model: only the words that carry meaning, with those of the question before. */
export class KeywordQueryRewriter extends QueryRewriter {
  override rewrite({ question, history }: RewriteRequest): Promise<string | null> {
    const before = pointsBack(question) ? (history.findLast(({ role }) => role === 'user')?.content ?? '') : '';
    const words = `${before} ${question}`.match(/[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu) ?? [];
    const kept = [...new Set(words.filter((word) => !isStopWord(word)).map(fold))];
    const query = kept.join(' ');
    return Promise.resolve(query === '' || query === fold(question) ? null : query);
  }
}

export class ModelQueryRewriter extends QueryRewriter {
  constructor(private readonly calls: ModelCalls) {
    super();
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
