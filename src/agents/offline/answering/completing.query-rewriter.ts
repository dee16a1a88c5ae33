import { QueryRewriter, type RewriteRequest } from '../../steps/query-rewriter.js';
import { completed } from './follow-up.js';
import { exampleOf, inTenantsWords } from './tenant-words.js';

/** Without a model: what a question leaves to the conversation is found by what the documents say. */
export class CompletingQueryRewriter extends QueryRewriter {
  override standalone(request: RewriteRequest): Promise<string> {
    const { agent, history } = request;
    if (agent === undefined) return completed(request);
    return completed({
      ...request,
      question: inTenantsWords(request.question, agent),
      history: history.map((message) =>
        message.role === 'user' ? { ...message, content: inTenantsWords(message.content, agent) } : message,
      ),
    });
  }

  /**
   * The user's own words, where others were searched for; else what the agent's examples say of anything, where the question
   * says it of one thing. They have no others: the search passes the small words over by itself, and a question without them
   * ("members club" for "How many members has the club?") is answered by too much.
   */
  override rewrite({ agent, query, question }: RewriteRequest): Promise<string | null> {
    if (query !== undefined && query !== question) return Promise.resolve(question);
    return Promise.resolve(agent === undefined ? null : exampleOf(question, agent));
  }
}
