import type { RunnableConfig } from '@langchain/core/runnables';
import { asError } from '#platform/errors';
import { runOf } from '../turn/turn-run.js';
import type { SupervisorStateType, SupervisorUpdate } from './supervisor.state.js';

/** Puts the parts together: the text is out already; what is left is to judge the whole. */
export function composeNode(state: SupervisorStateType, config?: RunnableConfig): SupervisorUpdate {
  const run = runOf(config);
  if (state.reply !== null) return {};
  const sections = [...state.sections].sort((a, b) => a.position - b.position);
  if (sections.length > 0 && sections.every(({ failed }) => failed)) throw asError(run.firstFailure);
  const answered = sections.find(({ failed }) => !failed);
  return { intent: answered?.intent ?? 'unclear' };
}
