import { contentStems, fold, isStopWord } from '#platform/text';
import { QueryRewriter, type RewriteRequest } from '../../steps/query-rewriter.js';
import { pointsBack } from '../routing/requests.js';

/** Without a model: only the words that carry meaning, with those of the question before. */
export class KeywordQueryRewriter extends QueryRewriter {
  /** A short follow-up takes the words of meaning of the question before it along. */
  override standalone({ history, question }: RewriteRequest): Promise<string> {
    const short = contentStems(question).length <= 3;
    const before = short && pointsBack(question) ? history.findLast(({ role }) => role === 'user') : undefined;
    return Promise.resolve(before === undefined ? question : `${before.content.slice(0, 300)} ${question}`);
  }

  override rewrite({ question, history }: RewriteRequest): Promise<string | null> {
    const before = pointsBack(question) ? (history.findLast(({ role }) => role === 'user')?.content ?? '') : '';
    const words = `${before} ${question}`.match(/[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu) ?? [];
    const kept = [...new Set(words.filter((word) => !isStopWord(word)).map(fold))];
    const query = kept.join(' ');
    return Promise.resolve(query === '' || query === fold(question) ? null : query);
  }
}
