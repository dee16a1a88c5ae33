import { isGraphBubbleUp } from '@langchain/langgraph/web';
import type { RunnableConfig } from '@langchain/core/runnables';
import type { AgentKindRunner } from './agent-kind.js';
import type { AgentKind } from '../catalog/agent.types.js';
import { asError } from '#platform/errors';
import { UnknownOutcomeError } from '../turn/turn.errors.js';
import { fill } from '../turn/phrases.js';
import { runOf } from '../turn/turn-run.js';
import type { AgentTask, SectionResult, SupervisorUpdate } from './supervisor.state.js';

export type AgentKinds = Readonly<Record<AgentKind, AgentKindRunner>>;

/** Runs one agent on its part. A failure is said in its section and told to `compose`; an abort ends the turn. */
export function buildAgentNode(kinds: AgentKinds) {
  return async (task: AgentTask, config?: RunnableConfig): Promise<SupervisorUpdate> => {
    const run = runOf(config);
    const { intent, language, position } = task;
    const agent = run.agents.find(({ key }) => key === intent.agent);
    if (agent === undefined) throw new Error(`Routed to the unknown agent ${intent.agent}`);
    const section = run.sections.section(position);
    const outcome = (rest: Pick<SectionResult, 'awaiting' | 'failed'>): SectionResult => ({
      position,
      agent: agent.key,
      intent: agent.kind === 'knowledge' ? 'qa' : agent.key,
      ...rest,
    });
    try {
      const { awaiting, retrieved } = await kinds[agent.kind](run, agent, task, section);
      return { sections: [outcome({ awaiting, failed: false })], retrieved_docs: retrieved };
    } catch (error) {
      run.signal.throwIfAborted();
      // An interrupt is no failure.
      if (isGraphBubbleUp(error)) throw error;
      const unknown = error instanceof UnknownOutcomeError;
      // Of several failures this is the one that somebody has to look after.
      if (unknown || run.firstFailure === undefined) run.firstFailure = error;
      run.log.warn({ agent: agent.key, err: asError(error) }, 'an agent failed');
      // With nobody else to answer, the turn fails: no words of ours then.
      const alone = run.sections.count === 1;
      if (!alone) {
        const phrases = run.voice.phrases(language);
        const said = unknown
          ? phrases.toolUnknown
          : section.written > 0
            ? phrases.interrupted
            : fill(phrases.sectionFailed, { topic: brief(intent.text) });
        section.write(section.written > 0 ? `\n\n${said}` : said);
      }
      return { sections: [outcome({ awaiting: null, failed: true })] };
    } finally {
      section.end();
    }
  };
}

function brief(text: string): string {
  const flat = text
    .replace(/\s+/g, ' ')
    .replace(/[*_`[\]<>"”“]/g, '')
    .trim();
  return flat.length <= 60 ? flat.replace(/[?.!]+$/, '') : `${flat.slice(0, 57).trimEnd()}…`;
}
