import { type AgentKindRunner, ANSWERED } from '../../supervisor/agent-kind.js';
import { status, timed } from '../../turn/turn-run.js';

/** Writes a text of its own, such as a LinkedIn post. */
export const writerAgent: AgentKindRunner = async (run, agent, task, section) => {
  status(run, 'generating', { agent: agent.key });
  await timed(run, 'generating', () =>
    run.ports.writer.compose(
      { agent, question: task.intent.text, language: task.language, history: task.input_history, voice: run.voice },
      section,
      run.signal,
    ),
  );
  return ANSWERED;
};
