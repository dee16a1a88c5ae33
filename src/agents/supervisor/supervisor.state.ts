import { Annotation } from '@langchain/langgraph/web';
import type { Intent } from '../catalog/agent.types.js';
import type { SmallTalkKind } from '../turn/phrases.js';
import type { AwaitingInput, HistoryMessage } from '../turn/turn.types.js';

/** A passage that an agent read, without its text: state stays small. */
export interface RetrievedDoc {
  readonly chunk_id: string;
  readonly document_id: string;
  readonly title: string;
  readonly score: number;
}

/** An answer that needs no agent. */
export type Reply =
  | { readonly kind: 'echo' }
  | { readonly kind: 'small_talk'; readonly smallTalk: SmallTalkKind | null }
  | { readonly kind: 'unclear' }
  | { readonly kind: 'human_request' }
  | { readonly kind: 'stopped' };

/** How an agent's part came out. */
export interface SectionResult {
  readonly position: number;
  readonly agent: string;
  /** `qa` for knowledge, else the agent's key. */
  readonly intent: string;
  readonly awaiting: AwaitingInput | null;
  readonly failed: boolean;
}

export const SupervisorState = Annotation.Root({
  question: Annotation<string>,
  /** The memory window, oldest first. */
  input_history: Annotation<readonly HistoryMessage[]>,
  language: Annotation<string>,
  intents: Annotation<readonly Intent[]>,
  reply: Annotation<Reply | null>,
  sections: Annotation<readonly SectionResult[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
  retrieved_docs: Annotation<readonly RetrievedDoc[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
  /** What the turn's message is stored under. */
  intent: Annotation<string>,
});
export type SupervisorStateType = typeof SupervisorState.State;
export type SupervisorUpdate = Partial<SupervisorStateType>;

/** What an agent node is sent. */
export interface AgentTask {
  readonly position: number;
  readonly intent: Intent;
  readonly question: string;
  readonly input_history: readonly HistoryMessage[];
  readonly language: string;
}
