import type { Passage } from '#rag';
import type { AgentDefinition } from '../catalog/agent.types.js';
import type { SmallTalkKind } from '../turn/phrases.js';
import type { TenantVoice } from '../turn/tenant-voice.js';
import type { AnswerText } from '../turn/answer-text.js';
import type { HistoryMessage } from '../turn/turn.types.js';

interface WriteRequest {
  /** What is to be answered: the agent's part of the message. */
  readonly question: string;
  readonly language: string;
  readonly history: readonly HistoryMessage[];
  readonly voice: TenantVoice;
}

export interface PassageAnswerRequest extends WriteRequest {
  readonly agent: AgentDefinition;
  /** Best first; cited as [1], [2], … in this order. */
  readonly passages: readonly Passage[];
}

export interface ToolAnswerRequest extends WriteRequest {
  readonly agent: AgentDefinition;
  readonly results: readonly { readonly tool: string; readonly data: unknown }[];
}

export interface ComposeRequest extends WriteRequest {
  readonly agent: AgentDefinition;
}

export interface SmallTalkRequest extends WriteRequest {
  readonly kind: SmallTalkKind | null;
  /** What the caller's agents can do, a line each. */
  readonly capabilities: readonly string[];
}

/** Writes answers into `out` as they come. */
export abstract class AnswerWriter {
  /** @returns false when the passages do not answer the question; then nothing was written */
  abstract fromPassages(request: PassageAnswerRequest, out: AnswerText, signal: AbortSignal): Promise<boolean>;

  abstract fromToolResults(request: ToolAnswerRequest, out: AnswerText, signal: AbortSignal): Promise<void>;

  /** A text of its own, such as a post. */
  abstract compose(request: ComposeRequest, out: AnswerText, signal: AbortSignal): Promise<void>;

  abstract smallTalk(request: SmallTalkRequest, out: AnswerText, signal: AbortSignal): Promise<void>;
}
