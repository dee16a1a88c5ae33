import type { ToolDefinition } from '#tools';
import type { AgentDefinition } from '../catalog/agent.types.js';
import type { HistoryMessage } from '../turn/turn.types.js';

export interface PlanRequest {
  readonly agent: AgentDefinition;
  /** Those that this caller may use, in the agent's order; never empty. */
  readonly tools: readonly ToolDefinition[];
  readonly text: string;
  readonly history: readonly HistoryMessage[];
  /** As of `ExtractRequest`. */
  readonly language: string;
  readonly timeZone: string;
  /** Calls of this turn so far. */
  readonly done: readonly { readonly tool: string; readonly arguments: unknown; readonly result: unknown }[];
}

/** Chooses the next tool. */
export abstract class ToolPlanner {
  /** @returns null when nothing more is needed */
  abstract next(request: PlanRequest, signal: AbortSignal): Promise<ToolDefinition | null>;
}
