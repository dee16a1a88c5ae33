import { tellingOf } from '#platform/text';
import type { Steps } from '../steps/steps.js';
import { CoveragePassageGrader } from './answering/coverage.passage-grader.js';
import { ExtractiveAnswerWriter } from './answering/extractive.answer-writer.js';
import { CompletingQueryRewriter } from './answering/completing.query-rewriter.js';
import { EncodedAgents } from './encoder/encoded-agents.js';
import type { SentenceEncoder } from './encoder/sentence-encoder.js';
import { RuleEntityExtractor } from './extraction/rule.entity-extractor.js';
import { SimilarityToolPlanner } from './extraction/similarity.tool-planner.js';
import { RuleWishExtractor } from './matching/rule.wish-extractor.js';
import { type EmbedderSource, ExampleIndex } from './routing/example-index.js';
import { SimilarityRanking } from './routing/nearest-agents.js';
import { OfflineIntentClassifier } from './routing/offline.intent-classifier.js';
import { saysNeverMind, saysYesOrNo, wantsPerson } from './routing/requests.js';
import { SimilarityIntentClassifier } from './routing/similarity.intent-classifier.js';
import { smallTalkKind } from './routing/small-talk.js';

export interface OfflineSteps extends Steps {
  readonly extractor: RuleEntityExtractor;
  /** Which agents a model that routes is shown first. */
  readonly ranking: SimilarityRanking;
}

/**
 * The implementations that need no model.
 * @param encoder where no model is behind which they stand: nothing of it is loaded before a message is for it
 */
export function offlineSteps(embedders: EmbedderSource, encoder: SentenceEncoder | null = null): OfflineSteps {
  const extractor = new RuleEntityExtractor(undefined, saysNoValue);
  const index = new ExampleIndex(embedders);
  // Forty milliseconds of reading, which nobody's first answer should wait for.
  setImmediate(() => tellingOf('', 'en'));
  return {
    classifier: new OfflineIntentClassifier(
      new SimilarityIntentClassifier(index, encoder === null ? null : new EncodedAgents(encoder)),
    ),
    ranking: new SimilarityRanking(index),
    extractor,
    planner: new SimilarityToolPlanner(extractor),
    wishes: new RuleWishExtractor(),
    grader: new CoveragePassageGrader(),
    rewriter: new CompletingQueryRewriter(),
    writer: new ExtractiveAnswerWriter(),
  };
}

/** "Nice" may be a town; a greeting is none. */
function saysNoValue(message: string): boolean {
  if (saysNeverMind(message) || saysYesOrNo(message) || wantsPerson(message)) return true;
  const kind = smallTalkKind(message);
  return kind !== null && kind !== 'praise';
}
