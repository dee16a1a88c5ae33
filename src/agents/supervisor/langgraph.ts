import { Runnable, type RunnableConfig } from '@langchain/core/runnables';

/**
 * The one file that names LangGraph's entry. `/web` leaves the run's context in the config alone (nothing is looked up
 * in an AsyncLocalStorage), which is what we pass it in; `interrupt()` needs the other entry.
 */
export { Annotation, Command, END, isGraphBubbleUp, Send, START, StateGraph } from '@langchain/langgraph/web';
export type { RunnableConfig };

type NodeFunction = (state: never, config?: RunnableConfig) => unknown;

/**
 * A node that is called as it is. Of a bare function LangGraph makes a runnable that enters an AsyncLocalStorage and builds
 * a LangSmith run at each call, with tracing off as well: a tenth of a turn's time, for nothing that we use.
 */
class PlainNode extends Runnable {
  override lc_namespace = ['switchboard', 'agents'];

  constructor(
    override readonly name: string,
    private readonly call: NodeFunction,
  ) {
    super();
  }

  override invoke(state: unknown, config?: RunnableConfig): Promise<unknown> {
    return Promise.resolve(this.call(state as never, config));
  }
}

export function plainNode(name: string, call: NodeFunction): Runnable {
  return new PlainNode(name, call);
}

/**
 * The config for a graph that is run inside a node. It would put its listeners on a signal that its parent made, where those
 * of four walks side by side look like a leak to Node; it gets the turn's.
 */
export function listeningTo(signal: AbortSignal, config: RunnableConfig | undefined): RunnableConfig {
  return { ...config, signal, configurable: { ...config?.configurable, __pregel_abort_signals: undefined } };
}
