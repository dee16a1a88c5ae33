import { oneNode } from '../../supervisor/agent-kind.js';
import { status, timed } from '../../turn/turn-context.js';

/** Writes a text of its own, such as a LinkedIn post. */
export const writerKind = oneNode('writer', 'draft', async ({ agent, run, section, task }) => {
  status(run, 'generating', { agent: agent.key });
  await timed(run, 'generating', () =>
    run.steps.writer.compose(
      { agent, question: task.intent.text, language: task.language, history: task.input_history, voice: run.voice },
      section,
      run.signal,
    ),
  );
  return {};
});
