import { asError } from '#platform/errors';
import { fill } from '../turn/phrases.js';
import { UnknownOutcomeError } from '../turn/turn.errors.js';
import { notedBy, sectionResult } from './kind.node.js';
import { isGraphBubbleUp, type RunnableConfig } from './langgraph.js';
import { runOf } from './supervisor.run.js';
import type { PartTask, SupervisorUpdate } from './supervisor.state.js';

/**
 * One part of several, walked on its own: a node of a shared walk would hold up all parts until the slowest has made the
 * same step. A failure is said in its section; an abort ends the turn.
 */
export async function agentNode(task: PartTask, config?: RunnableConfig): Promise<SupervisorUpdate> {
  const run = runOf(config);
  const section = run.sections.section(task.position);
  try {
    const { retrieved_docs, sections, source_chunks, usage } = await run.walk(task, config);
    const noted = notedBy(run);
    return { retrieved_docs, sections, source_chunks, ...noted, usage: [...usage, ...noted.usage] };
  } catch (error) {
    run.signal.throwIfAborted();
    // An interrupt is no failure.
    if (isGraphBubbleUp(error)) throw error;
    const unknown = error instanceof UnknownOutcomeError;
    // Of several failures this is the one that somebody has to look after.
    if (unknown) run.failures.unshift(error);
    else run.failures.push(error);
    run.log.warn({ agent: task.intent.agent, err: asError(error) }, 'an agent failed');
    const phrases = run.voice.phrases(task.language);
    const said = unknown
      ? phrases.toolUnknown
      : section.written > 0
        ? phrases.interrupted
        : fill(phrases.sectionFailed, { topic: brief(task.intent.text) });
    section.write(section.written > 0 ? `\n\n${said}` : said);
    return { sections: [sectionResult(task, section, { awaiting: null, failed: true })], ...notedBy(run) };
  } finally {
    section.end();
  }
}

function brief(text: string): string {
  const flat = text
    .replace(/\s+/g, ' ')
    .replace(/[*_`[\]<>"”“]/g, '')
    .trim();
  return flat.length <= 60 ? flat.replace(/[?.!]+$/, '') : `${flat.slice(0, 57).trimEnd()}…`;
}
