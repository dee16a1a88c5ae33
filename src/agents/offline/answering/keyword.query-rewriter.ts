import { fold, isStopWord } from '#platform/text';
import { QueryRewriter, type RewriteRequest } from '../../steps/query-rewriter.js';
import { completed } from './follow-up.js';

/** Without a model: what a question leaves to the conversation is found by what the documents say. */
export class KeywordQueryRewriter extends QueryRewriter {
  override standalone(request: RewriteRequest): Promise<string> {
    return completed(request);
  }

  /** Only the words that carry meaning. */
  override rewrite({ question }: RewriteRequest): Promise<string | null> {
    const words = question.match(/[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu) ?? [];
    const kept = [...new Set(words.filter((word) => !isStopWord(word)).map(fold))];
    const query = kept.join(' ');
    return Promise.resolve(query === '' || query === fold(question) ? null : query);
  }
}
