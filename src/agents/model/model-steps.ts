import { asError } from '#platform/errors';
import type { Steps } from '../steps/steps.js';
import type { TurnContext } from '../turn/turn-context.js';
import { type Degrade, degrading } from './degrade.js';
import { DegradingAnswerWriter } from './degrading.answer-writer.js';
import { ModelAnswerWriter } from './model.answer-writer.js';
import { ModelCalls } from './model-calls.js';
import { type EntityRules, ModelEntityExtractor } from './model.entity-extractor.js';
import { ModelIntentClassifier } from './model.intent-classifier.js';
import { ModelPassageGrader } from './model.passage-grader.js';
import { ModelQueryRewriter } from './model.query-rewriter.js';
import { ModelToolPlanner } from './model.tool-planner.js';

/** What stands behind each step on a model, for an answer of it that cannot be used. */
export type StepsWithoutModel = Steps & { readonly extractor: EntityRules };

/** The implementations on the turn's model; for a tenant that chose to degrade, with the others behind a provider that fails. */
export function modelSteps(turn: TurnContext, offline: StepsWithoutModel): Steps {
  if (turn.model === null) return offline;
  const { llm, onProviderFailure } = turn.settings;
  const { maxTokens, temperature } = llm;
  const calls = new ModelCalls(turn.model, turn.usage, { maxTokens, temperature });
  const steps: Steps = {
    classifier: new ModelIntentClassifier(calls, offline.classifier),
    extractor: new ModelEntityExtractor(calls, offline.extractor),
    planner: new ModelToolPlanner(calls, offline.planner),
    grader: new ModelPassageGrader(calls, offline.grader),
    rewriter: new ModelQueryRewriter(calls, offline.rewriter),
    writer: new ModelAnswerWriter(calls),
  };
  if (onProviderFailure === 'fail') return steps;
  const degrade = degrading((error) => {
    turn.notes.degrade();
    turn.log.warn({ err: asError(error) }, 'the provider failed: a step was answered offline');
  });
  return degradingSteps(steps, offline, degrade);
}

/** A provider that fails is replaced step by step. */
function degradingSteps(model: Steps, offline: Steps, degrade: Degrade): Steps {
  return {
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
      gives: (request) => offline.extractor.gives(request),
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
      quote: (passage, said) => offline.grader.quote(passage, said),
      sourceOf: (said, passages) => offline.grader.sourceOf(said, passages),
    },
    rewriter: {
      standalone: (request, signal) =>
        degrade(
          () => model.rewriter.standalone(request, signal),
          () => offline.rewriter.standalone(request, signal),
        ),
      rewrite: (request, signal) =>
        degrade(
          () => model.rewriter.rewrite(request, signal),
          () => offline.rewriter.rewrite(request, signal),
        ),
    },
    writer: new DegradingAnswerWriter(model.writer, offline.writer, degrade),
  };
}
