import type { ChatPurpose } from '#llm';
import { asError } from '#platform/errors';
import type { Metrics } from '#platform/metrics';
import type { Steps } from '../steps/steps.js';
import type { TurnContext } from '../turn/turn-context.js';
import { type Degrade, degrading } from './degrade.js';
import { DegradingAnswerWriter } from './degrading.answer-writer.js';
import { ModelAnswerWriter } from './model.answer-writer.js';
import { ModelCalls } from './model-calls.js';
import { type EntityRules, ModelEntityExtractor } from './model.entity-extractor.js';
import { ModelIntentClassifier, type NearestAgents } from './model.intent-classifier.js';
import { ModelPassageGrader } from './model.passage-grader.js';
import { ModelQueryRewriter } from './model.query-rewriter.js';
import { ModelToolPlanner } from './model.tool-planner.js';
import { ModelWishExtractor } from './model.wish-extractor.js';

/** What stands behind each step on a model, for an answer of it that cannot be used, and what it is shown first. */
export type StepsWithoutModel = Steps & { readonly extractor: EntityRules; readonly ranking: NearestAgents };

/** The implementations on the turn's model; for a tenant that chose to degrade, with the others behind a provider that fails. */
export function modelSteps(
  turn: TurnContext,
  offline: StepsWithoutModel,
  metrics?: Pick<Metrics, 'stepFellBack'>,
): Steps {
  if (turn.model === null) return offline;
  const { llm, onProviderFailure } = turn.settings;
  const { maxTokens, temperature } = llm;
  const unusable = (step: ChatPurpose, error: unknown): void => {
    metrics?.stepFellBack({ step, reason: 'unusable' });
    turn.log.warn({ step, err: asError(error) }, 'the model’s answer could not be used: a step was decided without it');
  };
  const calls = new ModelCalls(turn.model, turn.usage, { maxTokens, temperature }, unusable);
  const steps: Steps = {
    classifier: new ModelIntentClassifier(calls, offline),
    extractor: new ModelEntityExtractor(calls, offline.extractor),
    planner: new ModelToolPlanner(calls, offline.planner),
    wishes: new ModelWishExtractor(calls, offline.wishes),
    grader: new ModelPassageGrader(calls, offline.grader),
    rewriter: new ModelQueryRewriter(calls, offline.rewriter),
    writer: new ModelAnswerWriter(calls),
  };
  if (onProviderFailure === 'fail') return steps;
  const degrade = degrading((step, error) => {
    turn.notes.degrade();
    metrics?.stepFellBack({ step, reason: 'failed' });
    turn.log.warn({ step, err: asError(error) }, 'the provider failed: a step was answered offline');
  });
  return degradingSteps(steps, offline, degrade);
}

/** A provider that fails is replaced step by step. */
function degradingSteps(model: Steps, offline: Steps, degrade: Degrade): Steps {
  return {
    classifier: {
      classify: (request, signal) =>
        degrade(
          'route',
          () => model.classifier.classify(request, signal),
          () => offline.classifier.classify(request, signal),
        ),
    },
    extractor: {
      extract: (request, signal) =>
        degrade(
          'extract',
          () => model.extractor.extract(request, signal),
          () => offline.extractor.extract(request, signal),
        ),
      gives: (request) => model.extractor.gives(request),
      another: (request) => offline.extractor.another(request),
      further: (request, first) => offline.extractor.further(request, first),
    },
    planner: {
      next: (request, signal) =>
        degrade(
          'extract',
          () => model.planner.next(request, signal),
          () => offline.planner.next(request, signal),
        ),
    },
    wishes: {
      extract: (request, signal) =>
        degrade(
          'extract',
          () => model.wishes.extract(request, signal),
          () => offline.wishes.extract(request, signal),
        ),
    },
    grader: {
      grade: (request, signal) =>
        degrade(
          'grade',
          () => model.grader.grade(request, signal),
          () => offline.grader.grade(request, signal),
        ),
      quote: (passage, said) => offline.grader.quote(passage, said),
      sourceOf: (said, passages) => offline.grader.sourceOf(said, passages),
    },
    rewriter: {
      standalone: (request, signal) =>
        degrade(
          'rewrite',
          () => model.rewriter.standalone(request, signal),
          () => offline.rewriter.standalone(request, signal),
        ),
      rewrite: (request, signal) =>
        degrade(
          'rewrite',
          () => model.rewriter.rewrite(request, signal),
          () => offline.rewriter.rewrite(request, signal),
        ),
    },
    writer: new DegradingAnswerWriter(model.writer, offline.writer, degrade),
  };
}
