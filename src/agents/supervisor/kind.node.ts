import type { KindNode, Part } from './agent-kind.js';
import { Command, type RunnableConfig } from './langgraph.js';
import type { Section } from './section-stream.js';
import { runOf, type SupervisorRun } from './supervisor.run.js';
import type { PartTask, SectionResult, SupervisorStateType, SupervisorUpdate } from './supervisor.state.js';

/** A kind's node as the graph runs it: finds the part's agent and section, and puts all that it leaves into the state. */
export function kindNode(node: KindNode<object>) {
  return async (state: SupervisorStateType, config?: RunnableConfig): Promise<SupervisorUpdate | Command> => {
    const run = runOf(config);
    run.signal.throwIfAborted();
    const { part: task } = state;
    if (task === null) throw new Error('A node of an agent needs a part to answer');
    const agent = run.agents.find(({ key }) => key === task.intent.agent);
    if (agent === undefined) throw new Error(`Routed to the unknown agent ${task.intent.agent}`);
    const section = run.sections.section(task.position);
    const part: Part<object> = { run, agent, task, section, work: state.work };
    const { awaiting = null, retrieved = [], sources = [], work: left = {} } = await node.run(part);
    const update: SupervisorUpdate = {
      work: left,
      sections: [sectionResult(task, section, { awaiting, failed: false })],
      retrieved_docs: retrieved,
      source_chunks: sources,
      ...notedBy(run),
    };
    if (typeof node.next === 'string') return update;
    return new Command({ update, goto: node.next.after({ ...state.work, ...left }) });
  };
}

/** How the part stands, with what it has said so far. */
export function sectionResult(
  { intent, kind, position }: PartTask,
  section: Section,
  outcome: Pick<SectionResult, 'awaiting' | 'failed'>,
): SectionResult {
  return {
    position,
    agent: intent.agent,
    intent: kind === 'knowledge' ? 'qa' : intent.agent,
    text: section.text,
    payloads: section.payloads,
    ...outcome,
  };
}

/** What the run's devices have collected since the last node. */
export function notedBy(run: SupervisorRun): Pick<SupervisorStateType, 'citations' | 'degraded' | 'usage'> {
  return { citations: run.citations.list(), degraded: run.notes.degraded, usage: run.usage.take() };
}
