/**
 * The one file that names LangGraph's entry. `/web` leaves the run's context in the config alone (nothing is looked up
 * in an AsyncLocalStorage), which is what we pass it in; `interrupt()` needs the other entry.
 */
export { Annotation, Command, END, isGraphBubbleUp, Send, START, StateGraph } from '@langchain/langgraph/web';
export type { RunnableConfig } from '@langchain/core/runnables';
