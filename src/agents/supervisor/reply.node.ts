import { writeWords } from '../turn/answer-text.js';
import { status, timed } from '../turn/turn-context.js';
import type { RunnableConfig } from './langgraph.js';
import { runOf, type SupervisorRun } from './supervisor.run.js';
import { notedBy } from './kind.node.js';
import type { Section } from './section-stream.js';
import type { Reply, SupervisorStateType, SupervisorUpdate } from './supervisor.state.js';

/** Answers that need no agent: small talk, unclear, a wish for a person, "never mind", echo. */
export async function replyNode(state: SupervisorStateType, config?: RunnableConfig): Promise<SupervisorUpdate> {
  const run = runOf(config);
  const section = run.sections.section(0);
  if (state.reply === null) throw new Error('Nothing to reply');
  await write(run, state, state.reply, section);
  section.end();
  return { intent: INTENTS[state.reply.kind], ...notedBy(run) };
}

const INTENTS: Readonly<Record<Reply['kind'], string>> = {
  echo: 'chitchat',
  small_talk: 'chitchat',
  stopped: 'chitchat',
  unclear: 'unclear',
  human_request: 'human_request',
};

async function write(run: SupervisorRun, state: SupervisorStateType, reply: Reply, section: Section): Promise<void> {
  const { language, question } = state;
  const { voice } = run;
  switch (reply.kind) {
    case 'echo':
      return echo(run, question, section);
    case 'small_talk':
      status(run, 'generating');
      return timed(run, 'generating', () =>
        run.steps.writer.smallTalk(
          {
            question,
            language,
            history: state.input_history,
            voice,
            kind: reply.smallTalk,
            capabilities: capabilities(run),
          },
          section,
          run.signal,
        ),
      );
    case 'stopped':
      return writeWords(voice.phrases(language).stopped, section);
    case 'human_request':
      return writeWords(voice.humanContact(language), section);
    case 'unclear': {
      const lines = capabilities(run);
      const more = lines.length === 0 ? '' : `\n\n${voice.phrases(language).capabilities}\n${lines.join('\n')}`;
      return writeWords(`${voice.unclear(language)}${more}`, section);
    }
  }
}

async function echo(run: SupervisorRun, question: string, section: Section): Promise<void> {
  const { model, signal, usage } = run;
  if (model === null) throw new Error('Echo needs its model');
  status(run, 'generating');
  const request = { purpose: 'answer' as const, messages: [{ role: 'user' as const, content: question }] };
  await timed(run, 'generating', () =>
    usage.metered('answer')((onUsage) => model.stream(request, (text) => section.write(text), signal, onUsage)),
  );
}

/** What the agents that this caller may use are for, a line each. */
function capabilities(run: SupervisorRun): string[] {
  return run.agents.map(({ description, name }) =>
    description === '' ? `- **${name}**` : `- **${name}**: ${description}`,
  );
}
