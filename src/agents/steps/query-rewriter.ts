import type { Passage } from '#rag';
import type { AgentDefinition } from '../catalog/agent.types.js';
import type { HistoryMessage } from '../turn/turn.types.js';

export interface RewriteRequest {
  /** Whose documents are asked; absent: not known yet. */
  readonly agent?: AgentDefinition;
  readonly question: string;
  /** What was searched for, where whoever read the conversation had written the query already. */
  readonly query?: string;
  readonly history: readonly HistoryMessage[];
  /** The agent's own search, where there is one yet: what its documents say may tell what is meant. */
  readonly find?: (query: string) => Promise<readonly Passage[]>;
}

/** What to search for. */
export abstract class QueryRewriter {
  /** The first query: the question with what it leaves to the conversation; the question itself when it stands alone. */
  abstract standalone(request: RewriteRequest, signal: AbortSignal): Promise<string>;

  /** Another query, for a question whose first search found little.
   * @returns null when there is nothing better to ask */
  abstract rewrite(request: RewriteRequest, signal: AbortSignal): Promise<string | null>;
}
