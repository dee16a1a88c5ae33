import type { MeteredCall } from '#llm';
import type { RecordCatalog } from '#rag';
import type { AgentDefinition } from '../catalog/agent.types.js';
import type { SmallTalkKind } from '../turn/phrases.js';
import type { AwaitingInput, HistoryMessage, Intent } from '../turn/turn.types.js';

export interface ClassifyRequest {
  readonly tenantId: string;
  /** The message as it was written. */
  readonly message: string;
  /** The message without a greeting before it. */
  readonly text: string;
  /** Those that this caller may use; at least one. */
  readonly agents: readonly AgentDefinition[];
  /** Those that are for other personas; absent: none. */
  readonly others?: readonly AgentDefinition[];
  readonly history: readonly HistoryMessage[];
  /** What the last answer asked for, if it was the last thing said; several where several of its parts asked. */
  readonly awaiting: readonly AwaitingInput[];
  /** As detected so far. */
  readonly language: string;
  /** How well an agent's documents cover a text, 0–1; asked for only when examples do not decide. */
  readonly coverage: (agent: AgentDefinition, text: string) => Promise<number>;
  /** What the records of a matching agent are about; null for others, and when that cannot be read. Absent: not known. */
  readonly records?: (agent: AgentDefinition) => Promise<RecordCatalog | null>;
  /** For what has to be embedded. */
  readonly metered: MeteredCall;
  /** Called when it is decided without vectors that the tenant would have: their provider failed. */
  readonly onDegraded: () => void;
}

/** What is answered without an agent. */
export type AgentlessReply =
  | { readonly kind: 'small_talk'; readonly smallTalk: SmallTalkKind | null }
  | { readonly kind: 'unclear' }
  | { readonly kind: 'human_request' }
  /** "Never mind": what the last answer asked for is not wanted any more. */
  | { readonly kind: 'stopped' };

export interface Classification {
  /** In the order of the message; one for each agent at most. */
  readonly intents: readonly Intent[];
  /** What is said when there is no intent; null when there is one. */
  readonly reply: AgentlessReply | null;
  readonly language: string;
  /** For the log: which way led here. */
  readonly how: 'phrase' | 'continued' | 'single' | 'similarity' | 'model';
}

/** Decides who answers a message. */
export abstract class IntentClassifier {
  /** @throws LlmError, LlmTimeoutError of a configured provider; the signal's reason when aborted */
  abstract classify(request: ClassifyRequest, signal: AbortSignal): Promise<Classification>;
}
