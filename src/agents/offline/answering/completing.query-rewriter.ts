import { QueryRewriter, type RewriteRequest } from '../../steps/query-rewriter.js';
import { completed } from './follow-up.js';

/** Without a model: what a question leaves to the conversation is found by what the documents say. */
export class CompletingQueryRewriter extends QueryRewriter {
  override standalone(request: RewriteRequest): Promise<string> {
    return completed(request);
  }

  /**
   * The user's own words, where others were searched for. They have no others: the search passes the small words over by
   * itself, and a question without them ("members club" for "How many members has the club?") is answered by too much.
   */
  override rewrite({ query, question }: RewriteRequest): Promise<string | null> {
    return Promise.resolve(query === undefined || query === question ? null : question);
  }
}
