import type { UsageEntry } from '#llm';
import type { AgentKind } from '../catalog/agent.types.js';
import type { AgentlessReply } from '../steps/intent-classifier.js';
import type { AwaitingInput, Citation, HistoryMessage, Intent } from '../turn/turn.types.js';
import { Annotation } from './langgraph.js';
import type { SectionPayload } from './section-stream.js';

/** A passage that an agent read, without its text: state stays small. */
export interface RetrievedDoc {
  readonly chunk_id: string;
  readonly document_id: string;
  readonly title: string;
  readonly score: number;
}

/** An answer that needs no agent. */
export type Reply = AgentlessReply | { readonly kind: 'echo' };

/** One agent's part of the message, as its nodes get it. */
export interface PartTask {
  readonly position: number;
  readonly kind: AgentKind;
  readonly intent: Intent;
  readonly question: string;
  readonly input_history: readonly HistoryMessage[];
  readonly language: string;
}

/** How an agent's part stands. */
export interface SectionResult {
  readonly position: number;
  readonly agent: string;
  /** `qa` for knowledge, else the agent's key. */
  readonly intent: string;
  /** Markdown, with the numbers that people see. */
  readonly text: string;
  readonly payloads: readonly SectionPayload[];
  readonly awaiting: AwaitingInput | null;
  readonly failed: boolean;
}

const appended = <T>() =>
  Annotation<readonly T[]>({ reducer: (a, b) => (b.length === 0 ? a : [...a, ...b]), default: () => [] });

/** What nodes produce: plain, and small enough to be kept. */
export const SupervisorState = Annotation.Root({
  question: Annotation<string>,
  /** The memory window, oldest first. */
  input_history: Annotation<readonly HistoryMessage[]>,
  language: Annotation<string>,
  intents: Annotation<readonly Intent[]>,
  reply: Annotation<Reply | null>,
  /** The part that is walked through its agent's nodes; null before, and where there are several. */
  part: Annotation<PartTask | null>({ reducer: (_, next) => next, default: () => null }),
  /** What the nodes of the part's kind tell each other; each kind says what is in it. */
  work: Annotation<object>({ reducer: (a, b) => ({ ...a, ...b }), default: () => ({}) }),
  sections: Annotation<readonly SectionResult[]>({ reducer: byPosition, default: () => [] }),
  retrieved_docs: appended<RetrievedDoc>(),
  citations: Annotation<readonly Citation[]>({ reducer: byNumber, default: () => [] }),
  /** Ids of the passages that answers were written from. */
  source_chunks: appended<string>(),
  usage: appended<UsageEntry>(),
  /** True when something was answered without the model that the tenant would like to have. */
  degraded: Annotation<boolean>({ reducer: (a, b) => a || b, default: () => false }),
  /** What the turn's message is stored under. */
  intent: Annotation<string>,
});
export type SupervisorStateType = typeof SupervisorState.State;
export type SupervisorUpdate = Partial<SupervisorStateType>;

/** The later word on a part replaces the earlier. */
function byPosition(before: readonly SectionResult[], after: readonly SectionResult[]): readonly SectionResult[] {
  const said = new Set(after.map(({ position }) => position));
  return [...before.filter(({ position }) => !said.has(position)), ...after].sort((a, b) => a.position - b.position);
}

function byNumber(before: readonly Citation[], after: readonly Citation[]): readonly Citation[] {
  if (after.length === 0) return before;
  const said = new Set(after.map(({ n }) => n));
  return [...before.filter(({ n }) => !said.has(n)), ...after].sort((a, b) => a.n - b.n);
}
