import { asError } from '#platform/errors';
import type { RunnableConfig } from './langgraph.js';
import { runOf } from './supervisor.run.js';
import type { SupervisorStateType, SupervisorUpdate } from './supervisor.state.js';

/** Puts the parts together: the text is out already; what is left is to judge the whole. */
export function composeNode({ reply, sections }: SupervisorStateType, config?: RunnableConfig): SupervisorUpdate {
  if (reply) return {};
  if (sections.length > 0 && sections.every(({ failed }) => failed)) throw asError(runOf(config).failures[0]);
  return { intent: sections.find(({ failed }) => !failed)?.intent ?? 'unclear' };
}
