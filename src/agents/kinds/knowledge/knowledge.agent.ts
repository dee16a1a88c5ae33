import type { Passage, SearchResult } from '#rag';
import type { AgentKindRunner } from '../../supervisor/agent-kind.js';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import { searchFailure } from '../../turn/turn.errors.js';
import type { AgentTask } from '../../supervisor/supervisor.state.js';
import { status, timed, type TurnRun } from '../../turn/turn-run.js';
import { writeWords } from '../../offline/answering/extractive.answer-writer.js';
import { CitedText } from '../../supervisor/cited-text.js';
import type { Grade } from '../../steps/passage-grader.js';
import { standaloneQuery } from '../../offline/answering/query-rewriters.js';
import { rankUnits } from '../../offline/answering/sentence-ranking.js';

/** A statement and a passage have this much in common at least before a forgotten marker is added. */
const CLEARLY_FROM = 0.45;

/**
 * retrieve ─▶ grade ─ poor ─▶ rewrite ─▶ retrieve ─▶ grade
 *               └─ good ────────────────────────────┴─▶ generate with citations, or say that there is no answer
 */
export const knowledgeAgent: AgentKindRunner = async (run, agent, task, section) => {
  const question = task.intent.text;
  const found = await findPassages(run, agent, task, question);
  const retrieved = found.passages.map((passage) => ({
    chunk_id: passage.chunkId,
    document_id: passage.documentId,
    title: passage.title,
    score: passage.score,
  }));
  run.log.info(
    {
      agent: agent.key,
      retrieval: found.verdict === 'good' ? 'hit' : 'miss',
      passages: found.passages.length,
      coverage: best(found.passages, ({ coverage }) => coverage),
      nearness: best(found.passages, ({ vectorScore }) => vectorScore ?? 0),
    },
    'retrieval graded',
  );
  const { voice } = run;
  if (found.passages.length === 0 || found.verdict === 'poor') {
    writeWords(voice.noAnswer(task.language), section);
    return { awaiting: null, retrieved };
  }
  status(run, 'generating', { agent: agent.key });
  const out = new CitedText(section, found.passages, run.citations, question);
  const answered = await timed(run, 'generating', () =>
    run.ports.writer.fromPassages(
      { agent, question, language: task.language, history: task.input_history, voice, passages: found.passages },
      out,
      run.signal,
    ),
  );
  out.end();
  if (!answered) {
    writeWords(voice.noAnswer(task.language), section);
    return { awaiting: null, retrieved };
  }
  for (const passage of found.passages) run.sources.set(passage.chunkId, passage);
  if (out.cited === 0) addForgottenMarker(run, found.passages, out);
  return { awaiting: null, retrieved };
};

/** Rounded, for the log. */
function best(passages: readonly Passage[], measure: (passage: Passage) => number): number {
  return Math.round(Math.max(0, ...passages.map(measure)) * 100) / 100;
}

async function findPassages(run: TurnRun, agent: AgentDefinition, task: AgentTask, question: string): Promise<Grade> {
  const query = standaloneQuery(question, task.input_history);
  const first = await retrieveAndGrade(run, agent, query, question);
  if (first.verdict === 'good') return first;
  const again = await run.ports.rewriter.rewrite({ question, history: task.input_history }, run.signal);
  if (again === null || again === query) return first;
  const second = await retrieveAndGrade(run, agent, again, question);
  return second.verdict === 'good' ? second : first;
}

async function retrieveAndGrade(run: TurnRun, agent: AgentDefinition, query: string, question: string): Promise<Grade> {
  status(run, 'retrieving', { agent: agent.key });
  const result = await timed(run, 'retrieving', () => retrieve(run, agent, query));
  status(run, 'grading', { agent: agent.key });
  return timed(run, 'grading', () => run.ports.grader.grade({ question, passages: result.passages }, run.signal));
}

async function retrieve(run: TurnRun, agent: AgentDefinition, query: string): Promise<SearchResult> {
  try {
    const result = await run.retrievals.search(agent, query);
    run.signal.throwIfAborted();
    if (result.embedderFailed === true) run.degraded = true;
    return result;
  } catch (error) {
    run.signal.throwIfAborted();
    throw searchFailure(error);
  }
}

/** A model may forget its markers; where one passage clearly is the source, it is named at the end. */
function addForgottenMarker(run: TurnRun, passages: readonly Passage[], out: CitedText): void {
  const [source] = rankUnits(out.lastWords, passages);
  if (source === undefined || source.relevance < CLEARLY_FROM) return;
  out.write(` [${source.passage + 1}]`);
  out.end();
}
