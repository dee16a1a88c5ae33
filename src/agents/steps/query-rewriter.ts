import type { HistoryMessage } from '../turn/turn.types.js';

export interface RewriteRequest {
  readonly question: string;
  readonly history: readonly HistoryMessage[];
}

/** Another query for a question whose first search found little. */
export abstract class QueryRewriter {
  /** @returns null when there is nothing better to ask */
  abstract rewrite(request: RewriteRequest, signal: AbortSignal): Promise<string | null>;
}
