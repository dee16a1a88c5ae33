import type { ToolDefinition } from '#tools';
import type { HistoryMessage } from '../turn/turn.types.js';

export interface ExtractRequest {
  readonly tool: ToolDefinition;
  readonly text: string;
  readonly history: readonly HistoryMessage[];
  /** Found in earlier messages of the same request. */
  readonly known: Readonly<Record<string, unknown>>;
  /** What the user was just asked for; a bare answer belongs there. */
  readonly asked: readonly string[];
}

/** Finds a tool's arguments in what the user said. */
export abstract class EntityExtractor {
  /** @returns values that fit their property's schema, `known` ones included; what is missing is left out */
  abstract extract(request: ExtractRequest, signal: AbortSignal): Promise<Record<string, unknown>>;

  /** True when a message gives, beyond doubt by its own form, one of the values that were asked for. No model is asked. */
  abstract gives(request: Pick<ExtractRequest, 'tool' | 'text' | 'asked'>): boolean;
}
