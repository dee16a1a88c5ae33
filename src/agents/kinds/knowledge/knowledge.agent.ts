import type { Passage, SearchResult } from '#rag';
import { DONE, type KindGraph, type Part, type PartUpdate } from '../../supervisor/agent-kind.js';
import { CitedText } from '../../supervisor/cited-text.js';
import { writeWords } from '../../turn/answer-text.js';
import { status, timed } from '../../turn/turn-context.js';
import { searchFailure } from '../../turn/turn.errors.js';

interface KnowledgeWork {
  /** What is searched for: the question, complete without the conversation. */
  readonly query: string;
  /** Best first; after grading, those worth writing from. */
  readonly passages: readonly Passage[];
  readonly verdict: 'good' | 'poor';
  /** Documents that are still being read. */
  readonly unread: number;
  /** True once another query was looked for; there is one such try. */
  readonly rewritten: boolean;
}

/**
 * retrieve ─▶ grade ─ poor ─▶ rewrite ─▶ retrieve ─▶ grade
 *               └─ good ────────────────────────────┴─▶ write with citations, or say that there is no answer
 */
export const knowledgeKind: KindGraph<KnowledgeWork> = {
  kind: 'knowledge',
  entry: 'retrieve',
  nodes: {
    retrieve: { run: retrieve, next: 'grade' },
    grade: {
      run: grade,
      next: {
        ends: ['rewrite', 'write'],
        after: ({ rewritten, verdict }) => (verdict === 'good' || rewritten === true ? 'write' : 'rewrite'),
      },
    },
    rewrite: {
      run: rewrite,
      next: { ends: ['retrieve', 'write'], after: ({ passages }) => (passages === undefined ? 'retrieve' : 'write') },
    },
    write: { run: write, next: DONE },
  },
};

type KnowledgePart = Part<KnowledgeWork>;
type KnowledgeUpdate = PartUpdate<KnowledgeWork>;

async function retrieve({ agent, run, task, work }: KnowledgePart): Promise<KnowledgeUpdate> {
  status(run, 'retrieving', { agent: agent.key });
  return timed(run, 'retrieving', async () => {
    const { input_history: history, intent } = task;
    const { query: written, text: question } = intent;
    const query = work.query ?? written ?? (await run.steps.rewriter.standalone({ question, history }, run.signal));
    const { embedderFailed, passages, unread = 0 } = await search({ agent, run, query });
    if (embedderFailed === true) run.notes.degrade();
    return { work: { query, passages, unread } };
  });
}

async function search({ agent, query, run }: Pick<KnowledgePart, 'agent' | 'run'> & { readonly query: string }) {
  try {
    const result: SearchResult = await run.retrievals.search(agent, query);
    run.signal.throwIfAborted();
    return result;
  } catch (error) {
    run.signal.throwIfAborted();
    throw searchFailure(error);
  }
}

async function grade({ agent, run, task, work }: KnowledgePart): Promise<KnowledgeUpdate> {
  status(run, 'grading', { agent: agent.key });
  const { passages, verdict } = await timed(run, 'grading', () =>
    // What was searched for: a follow-up is not judged by its two words, nor other words for the same thing by the first.
    run.steps.grader.grade({ question: work.query ?? task.intent.text, passages: work.passages ?? [] }, run.signal),
  );
  run.log.info(
    {
      agent: agent.key,
      retrieval: verdict === 'good' ? 'hit' : 'miss',
      passages: passages.length,
      coverage: best(passages, ({ coverage }) => coverage),
      nearness: best(passages, ({ vectorScore }) => vectorScore ?? 0),
    },
    'retrieval graded',
  );
  return { work: { passages, verdict: passages.length === 0 ? 'poor' : verdict } };
}

/** Another query, when there is one; without it what was found stays as it was. */
async function rewrite({ run, task, work }: KnowledgePart): Promise<KnowledgeUpdate> {
  const { query: written, text: question } = task.intent;
  const request = { question, query: written, history: task.input_history };
  const query = await run.steps.rewriter.rewrite(request, run.signal);
  if (query === null || query === work.query) return { work: { rewritten: true } };
  return { work: { rewritten: true, query, passages: undefined } };
}

async function write({ agent, run, section, task, work }: KnowledgePart): Promise<KnowledgeUpdate> {
  const { passages = [], unread = 0, verdict } = work;
  const retrieved = passages.map(({ chunkId, documentId, score, title }) => {
    return { chunk_id: chunkId, document_id: documentId, title, score };
  });
  const { voice } = run;
  const refuse = (): KnowledgeUpdate => {
    const reading = unread > 0 ? ` ${voice.phrases(task.language).stillReading}` : '';
    writeWords(`${voice.noAnswer(task.language)}${reading}`, section);
    return { retrieved };
  };
  if (verdict !== 'good') return refuse();
  status(run, 'generating', { agent: agent.key });
  const question = task.intent.text;
  const quote = (passage: Passage, said: string) => run.steps.grader.quote(passage, said);
  const out = new CitedText(section, passages, { ledger: run.citations, quote, question });
  const answered = await timed(run, 'generating', () =>
    run.steps.writer.fromPassages(
      { agent, question, language: task.language, history: task.input_history, voice, passages },
      out,
      run.signal,
    ),
  );
  out.end();
  if (!answered) return refuse();
  // A model may forget its markers; where one passage clearly is the source, it is named at the end.
  const source = out.cited === 0 ? run.steps.grader.sourceOf(out.lastWords, passages) : null;
  if (source !== null) {
    out.write(` [${passages.indexOf(source) + 1}]`);
    out.end();
  }
  return { retrieved, sources: passages.map(({ chunkId }) => chunkId) };
}

/** Rounded, for the log. */
function best(passages: readonly Passage[], measure: (passage: Passage) => number): number {
  return Math.round(Math.max(0, ...passages.map(measure)) * 100) / 100;
}
