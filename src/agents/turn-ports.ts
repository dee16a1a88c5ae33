import type { Degrade } from './model/degrade.js';
import { DegradingAnswerWriter } from './model/degrading.answer-writer.js';
import { ModelEntityExtractor } from './model/model.entity-extractor.js';
import { ModelToolPlanner } from './model/model.tool-planner.js';
import { RuleEntityExtractor } from './offline/extraction/rule.entity-extractor.js';
import { SimilarityToolPlanner } from './offline/extraction/similarity.tool-planner.js';
import { ExtractiveAnswerWriter } from './offline/answering/extractive.answer-writer.js';
import { CoveragePassageGrader } from './offline/answering/coverage.passage-grader.js';
import { ModelPassageGrader } from './model/model.passage-grader.js';
import { KeywordQueryRewriter, ModelQueryRewriter } from './offline/answering/query-rewriters.js';
import { ModelAnswerWriter } from './model/model.answer-writer.js';
import type { ModelCalls } from './model/model-calls.js';
import type { ExampleIndex } from './offline/routing/example-index.js';
import { ModelIntentClassifier } from './model/model.intent-classifier.js';
import { SimilarityIntentClassifier } from './offline/routing/similarity.intent-classifier.js';
import type { TurnPorts } from './turn/turn-run.js';

/** The implementations that need no model. */
export function offlinePorts(index: ExampleIndex): TurnPorts & { readonly extractor: RuleEntityExtractor } {
  const similarity = new SimilarityIntentClassifier(index);
  const extractor = new RuleEntityExtractor();
  return {
    similarity,
    classifier: similarity,
    extractor,
    planner: new SimilarityToolPlanner(extractor),
    grader: new CoveragePassageGrader(),
    rewriter: new KeywordQueryRewriter(),
    writer: new ExtractiveAnswerWriter(),
  };
}

/** The implementations on a model, each with the offline one behind it where the model's answer cannot be used. */
export function modelPorts(calls: ModelCalls, offline: ReturnType<typeof offlinePorts>): TurnPorts {
  return {
    similarity: offline.similarity,
    classifier: new ModelIntentClassifier(calls, offline.classifier),
    extractor: new ModelEntityExtractor(calls, offline.extractor),
    planner: new ModelToolPlanner(calls, offline.planner),
    grader: new ModelPassageGrader(calls),
    rewriter: new ModelQueryRewriter(calls),
    writer: new ModelAnswerWriter(calls),
  };
}

/** For a tenant that chose to degrade: a provider that fails is replaced step by step. */
export function degradingPorts(model: TurnPorts, offline: TurnPorts, degrade: Degrade): TurnPorts {
  return {
    similarity: offline.similarity,
    classifier: {
      classify: (request, signal) =>
        degrade(
          () => model.classifier.classify(request, signal),
          () => offline.classifier.classify(request, signal),
        ),
    },
    extractor: {
      extract: (request, signal) =>
        degrade(
          () => model.extractor.extract(request, signal),
          () => offline.extractor.extract(request, signal),
        ),
    },
    planner: {
      next: (request, signal) =>
        degrade(
          () => model.planner.next(request, signal),
          () => offline.planner.next(request, signal),
        ),
    },
    grader: {
      grade: (request, signal) =>
        degrade(
          () => model.grader.grade(request, signal),
          () => offline.grader.grade(request, signal),
        ),
    },
    rewriter: {
      rewrite: (request, signal) =>
        degrade(
          () => model.rewriter.rewrite(request, signal),
          () => offline.rewriter.rewrite(request, signal),
        ),
    },
    writer: new DegradingAnswerWriter(model.writer, offline.writer, degrade),
  };
}
