import type { ChatModel } from '#llm';
import type { RequestContext } from '#platform/context';
import type { Logger } from '#platform/logging';
import type { Passage } from '#rag';
import type { RunnableConfig } from '@langchain/core/runnables';
import type { AgentDefinition } from '../catalog/agent.types.js';
import type { AnswerWriter } from '../steps/answer-writer.js';
import type { EntityExtractor } from '../steps/entity-extractor.js';
import type { ToolPlanner } from '../steps/tool-planner.js';
import type { CitationLedger } from '../supervisor/citation-ledger.js';
import type { PassageGrader } from '../steps/passage-grader.js';
import type { QueryRewriter } from '../steps/query-rewriter.js';
import type { TenantVoice } from './tenant-voice.js';
import type { IntentClassifier } from '../steps/intent-classifier.js';
import type { SimilarityIntentClassifier } from '../offline/routing/similarity.intent-classifier.js';
import type { Retrievals } from './retrievals.js';
import type { SectionStream } from '../supervisor/section-stream.js';
import type { StatusStep, TurnEventSink } from './turn-event.js';
import type { TurnUsage } from './turn-usage.js';
import type { TurnInput } from './turn.types.js';

/** The steps that may need a model, each with a model-backed and an offline implementation. */
export interface TurnPorts {
  readonly classifier: IntentClassifier;
  readonly similarity: SimilarityIntentClassifier;
  readonly extractor: EntityExtractor;
  readonly planner: ToolPlanner;
  readonly grader: PassageGrader;
  readonly rewriter: QueryRewriter;
  readonly writer: AnswerWriter;
}

/**
 * Everything of one run that is not state: who asks, what to say it with, where to emit. Travels in LangGraph's
 * `configurable`, so the graph is compiled once and its state stays plain.
 */
export interface TurnRun {
  readonly ctx: RequestContext;
  readonly input: TurnInput;
  readonly signal: AbortSignal;
  readonly emit: TurnEventSink;
  readonly log: Logger;
  /** Agents that this caller may use. */
  readonly agents: readonly AgentDefinition[];
  readonly entitlements: readonly string[];
  /** Null: offline. */
  readonly model: ChatModel | null;
  ports: TurnPorts;
  readonly voice: TenantVoice;
  readonly retrievals: Retrievals;
  readonly citations: CitationLedger;
  /** Passages that answers were written from. */
  readonly sources: Map<string, Passage>;
  readonly usage: TurnUsage;
  readonly timings: Record<string, number>;
  /** Set once the number of sections is known. */
  sections: SectionStream;
  /** True when something was answered without the model that the tenant would like to have. */
  degraded: boolean;
  firstFailure: unknown;
}

export function runOf(config: RunnableConfig | undefined): TurnRun {
  const run: unknown = config?.configurable?.['run'];
  if (run === undefined) throw new Error('The graph runs through AgentRuntime only');
  return run as TurnRun;
}

export function status(run: TurnRun, step: StatusStep, extra: { agent?: string; tool?: string } = {}): void {
  if (run.signal.aborted) return;
  run.emit({ type: 'status', step, message: run.voice.status(step), ...extra });
}

/** Adds the time that `work` took to the step's sum, also when it fails. */
export async function timed<T>(run: TurnRun, step: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    run.timings[step] = Math.round((run.timings[step] ?? 0) + performance.now() - start);
  }
}
