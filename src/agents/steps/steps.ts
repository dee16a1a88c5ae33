import type { AnswerWriter } from './answer-writer.js';
import type { EntityExtractor } from './entity-extractor.js';
import type { IntentClassifier } from './intent-classifier.js';
import type { PassageGrader } from './passage-grader.js';
import type { QueryRewriter } from './query-rewriter.js';
import type { ToolPlanner } from './tool-planner.js';
import type { WishExtractor } from './wish-extractor.js';

/** The steps that may need a model, each with an implementation on one and an implementation without. */
export interface Steps {
  readonly classifier: IntentClassifier;
  readonly extractor: EntityExtractor;
  readonly planner: ToolPlanner;
  readonly wishes: WishExtractor;
  readonly grader: PassageGrader;
  readonly rewriter: QueryRewriter;
  readonly writer: AnswerWriter;
}
