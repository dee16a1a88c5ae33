import type { Steps } from '../steps/steps.js';
import { CoveragePassageGrader } from './answering/coverage.passage-grader.js';
import { ExtractiveAnswerWriter } from './answering/extractive.answer-writer.js';
import { KeywordQueryRewriter } from './answering/keyword.query-rewriter.js';
import { RuleEntityExtractor } from './extraction/rule.entity-extractor.js';
import { SimilarityToolPlanner } from './extraction/similarity.tool-planner.js';
import { type EmbedderSource, ExampleIndex } from './routing/example-index.js';
import { OfflineIntentClassifier } from './routing/offline.intent-classifier.js';
import { SimilarityIntentClassifier } from './routing/similarity.intent-classifier.js';

/** The implementations that need no model. */
export function offlineSteps(embedders: EmbedderSource): Steps & { readonly extractor: RuleEntityExtractor } {
  const extractor = new RuleEntityExtractor();
  return {
    classifier: new OfflineIntentClassifier(new SimilarityIntentClassifier(new ExampleIndex(embedders))),
    extractor,
    planner: new SimilarityToolPlanner(extractor),
    grader: new CoveragePassageGrader(),
    rewriter: new KeywordQueryRewriter(),
    writer: new ExtractiveAnswerWriter(),
  };
}
