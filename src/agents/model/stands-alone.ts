import { contentStems, detectLanguage, phraseLanguage } from '#platform/text';
import type { QueryRewriter, RewriteRequest } from '../steps/query-rewriter.js';

/** With less of its own a question may lean on the one before. */
const FEW_STEMS = 4;

/**
 * Whether a question is plainly complete without the conversation, so that no model need read it: it is the first, or it
 * says enough and `rules` find nothing in it that points back, in a language that they know. In doubt it is not: a needless
 * call costs less than the wrong pages.
 */
export async function standsAlone(
  request: RewriteRequest,
  rules: QueryRewriter,
  signal: AbortSignal,
): Promise<boolean> {
  const { history, question } = request;
  if (!history.some(({ role }) => role === 'user')) return true;
  if (contentStems(question).length < FEW_STEMS) return false;
  const language = detectLanguage(question, '');
  return phraseLanguage(language) === language && (await rules.standalone(request, signal)) === question;
}
