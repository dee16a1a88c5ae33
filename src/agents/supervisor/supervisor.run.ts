import type { Steps } from '../steps/steps.js';
import type { TurnContext } from '../turn/turn-context.js';
import type { CitationLedger } from './citation-ledger.js';
import type { RunnableConfig } from './langgraph.js';
import type { SectionStream } from './section-stream.js';
import type { PartTask, SupervisorStateType } from './supervisor.state.js';

/**
 * The turn's context with the steps that answer it, and the two devices that show an answer while it is written. Travels
 * in LangGraph's `configurable`, so the graph is compiled once and its state stays plain.
 */
export interface SupervisorRun extends TurnContext {
  readonly steps: Steps;
  /** Shows the parts in their order; made for one part, and again once it is known that there are several. */
  sections: SectionStream;
  readonly citations: CitationLedger;
  /** Walks the graph of the part's kind, for one part of several. */
  readonly walk: (task: PartTask, config: RunnableConfig | undefined) => Promise<SupervisorStateType>;
  /** What parts failed with: of this process, and a turn that ends by it keeps no state. */
  readonly failures: unknown[];
}

export function runOf(config: RunnableConfig | undefined): SupervisorRun {
  const run: unknown = config?.configurable?.['run'];
  if (run === undefined) throw new Error('The graph runs through Supervisor only');
  return run as SupervisorRun;
}
