import type { Passage, SearchResult } from '#rag';
import { DONE, type KindGraph, type Part, type PartUpdate } from '../../supervisor/agent-kind.js';
import { CitedText } from '../../supervisor/cited-text.js';
import { writeWords } from '../../turn/answer-text.js';
import { status, timed } from '../../turn/turn-context.js';
import { searchFailure } from '../../turn/turn.errors.js';

interface KnowledgeWork {
  /** What is asked, complete without the conversation. */
  readonly question: string;
  /** What is searched for: the question, or other words for it. */
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
    const question =
      work.question ??
      task.intent.query ??
      (await run.steps.rewriter.standalone(requestOf({ agent, run, task }), run.signal));
    const query = work.query ?? question;
    const { embedderFailed, passages, unread = 0 } = await search({ agent, run, query });
    if (embedderFailed === true) run.notes.degrade();
    return { work: { question, query, passages, unread } };
  });
}

/** What is asked, with what came before it and the documents that may tell what is meant. */
function requestOf({ agent, run, task }: Pick<KnowledgePart, 'agent' | 'run' | 'task'>) {
  const find = async (query: string) => (await search({ agent, run, query })).passages;
  return { agent, question: task.intent.text, history: task.input_history, find };
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
    // A follow-up is not judged by its two words, nor other words for the same thing by the first.
    run.steps.grader.grade(
      {
        question: (work.rewritten === true ? work.query : work.question) ?? task.intent.text,
        passages: work.passages ?? [],
      },
      run.signal,
    ),
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
async function rewrite({ agent, run, task, work }: KnowledgePart): Promise<KnowledgeUpdate> {
  const { query: written, text } = task.intent;
  const question = written === undefined ? (work.question ?? text) : text;
  const request = { ...requestOf({ agent, run, task }), question, query: written };
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
  // A writer that reads the conversation gets the user's own words, any other the completed question.
  const question = task.intent.query === undefined ? (work.question ?? task.intent.text) : task.intent.text;
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
