import type { RequestContext } from '#platform/context';
import type { MeteredCall } from '#llm';
import type { SearchResult } from '#rag';
import type { AgentDefinition } from '../catalog/agent.types.js';

/** The search of `rag`, as agents need it. */
export interface PassageSearch {
  search(
    ctx: RequestContext,
    request: { query: string; knowledgeBaseIds: readonly string[] | 'all'; topK?: number },
    signal: AbortSignal,
    metered: MeteredCall,
  ): Promise<SearchResult>;
}

/**
 * The searches of one turn. Routing may start one before it is known to be needed; the agent that needs it then finds it
 * under way. What nobody took is aborted at the end of the turn.
 */
export class Retrievals {
  private readonly running = new Map<string, Promise<SearchResult>>();
  private readonly unused = new AbortController();
  private readonly signal: AbortSignal;
  private readonly metered: MeteredCall;
  /** Why documents had no say in who answers; null while every search for that went well. */
  failure: unknown = null;

  constructor(
    private readonly source: PassageSearch,
    private readonly ctx: RequestContext,
    turn: { readonly signal: AbortSignal; readonly metered: MeteredCall },
  ) {
    this.signal = AbortSignal.any([turn.signal, this.unused.signal]);
    this.metered = turn.metered;
  }

  /** Starts the search, or joins the one that runs. */
  search(agent: AgentDefinition, query: string): Promise<SearchResult> {
    const topK = agent.settings['top_k'];
    const { knowledgeBaseIds } = agent;
    const request = {
      query: query.slice(0, 2000),
      knowledgeBaseIds: knowledgeBaseIds.length === 0 ? ('all' as const) : knowledgeBaseIds,
      ...(typeof topK === 'number' ? { topK } : {}),
    };
    const key = JSON.stringify(request);
    let running = this.running.get(key);
    if (running === undefined) {
      running = this.source.search(this.ctx, request, this.signal, this.metered);
      // A search that nobody waits for may fail without anybody being told.
      running.catch(() => undefined);
      this.running.set(key, running);
    }
    return running;
  }

  /** Starts one that is likely to be wanted; whoever wants it is told if it fails. */
  begin(agent: AgentDefinition, query: string): void {
    void this.search(agent, query);
  }

  /**
   * How well the agent's documents cover a text, 0–1; 0 when the search fails.
   * @param onDegraded told when a provider failed, and words alone, or nothing, have told
   */
  async coverage(agent: AgentDefinition, text: string, onDegraded: () => void): Promise<number> {
    try {
      const { embedderFailed, passages } = await this.search(agent, text);
      if (embedderFailed === true) onDegraded();
      return Math.max(0, ...passages.map(({ coverage }) => coverage));
    } catch (error) {
      if (this.signal.aborted) throw error;
      this.failure ??= error;
      onDegraded();
      return 0;
    }
  }

  /** The end of the turn: whatever still runs was for nothing. */
  close(): void {
    this.unused.abort(new DOMException('The turn is over', 'AbortError'));
  }
}
