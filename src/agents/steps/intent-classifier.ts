import type { MeteredCall } from '#llm';
import type { AgentDefinition, Intent } from '../catalog/agent.types.js';
import type { HistoryMessage } from '../turn/turn.types.js';

export interface ClassifyRequest {
  readonly tenantId: string;
  /** The message without a greeting before it. */
  readonly text: string;
  /** Those that this caller may use; at least two. */
  readonly agents: readonly AgentDefinition[];
  readonly history: readonly HistoryMessage[];
  /** As detected so far. */
  readonly language: string;
  /** How well an agent's documents cover a text, 0–1; asked for only when examples do not decide. */
  readonly evidence: (agent: AgentDefinition, text: string) => Promise<number>;
  /** For what has to be embedded. */
  readonly metered: MeteredCall;
}

export interface Classification {
  /** In the order of the message; one for each agent at most. */
  readonly intents: readonly Intent[];
  readonly language: string;
  readonly smallTalk: boolean;
  readonly unclear: boolean;
  readonly wantsPerson: boolean;
  readonly how: 'similarity' | 'model';
}

/** Decides who answers a message. */
export abstract class IntentClassifier {
  /** @throws LlmError, LlmTimeoutError of a configured provider; the signal's reason when aborted */
  abstract classify(request: ClassifyRequest, signal: AbortSignal): Promise<Classification>;
}
