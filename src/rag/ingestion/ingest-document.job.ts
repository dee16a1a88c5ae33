import { type Embedder, isPassingFault, LlmService, LocalEmbedder, usageRow, type UsageRow } from '#llm';
import type { TenantScope } from '#platform/context';
import { newId } from '#platform/database';
import { asError, UnavailableError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { BudgetExceededError, SpendingLimits } from '#tenants';
import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { DocumentFiles } from '../documents/document-files.js';
import { type Space, SpaceRenewal } from '../knowledge-bases/space-renewal.js';
import { lexicalText } from '../lexical/lexical-text.js';
import { textSearchConfig } from '../lexical/text-search-config.js';
import { DocumentParser } from '../parsing/document-parser.port.js';
import { chunkId } from './chunk-id.js';
import { faultOf, isWaitedOut, RepeatedStopError, TroubleLastsError } from './ingest-failure.js';
import {
  type Abandonment,
  type ClaimedDocument,
  ClaimLostError,
  IngestionRepository,
  type NewChunk,
  TenantSuspendedMeanwhile,
} from './ingestion.repository.js';
import { recordText, recordTitle } from './record-text.js';
import { TenantTurns } from './tenant-turns.js';

/** Chunks stored in one statement. */
const STORED_AT_ONCE = 50;
/** Texts embedded, and vectors stored, before the progress is written down. */
const EMBEDDED_AT_ONCE = 64;
/** A sign of life, from the claim to the end. */
const HEARTBEAT_MS = 5000;
/** Missing signs of life for so long mean that nobody works on a document any more. */
export const ABANDONED_SECONDS = 20;
const ABANDONED: Abandonment = { afterSeconds: ABANDONED_SECONDS, startedAt: new Date(0) };
/** Claims in a row of which none stored anything. */
const MOST_STRIKES = 5;
/** A shorter wait is sat out; after a longer one whoever is free reads the document again, and goes on. */
const SAT_OUT_MS = 20_000;
const LONGEST_WAIT_MS = 30 * 60_000;
const SHORTEST_WAIT_MS = 1000;
/** The share of the progress bar that parsing, and storing the chunks, stand for. */
const PARSED = 0.3;
const STORED = 0.5;
const LONGEST_TITLE = 300;
/** How often the words of a title, and of the headings, count beside once in the text: they say what a passage is about. */
const TITLE_COUNTS = 2;
const SECTION_COUNTS = 4;

/** What a run of a document may share with others. */
export interface IngestOptions {
  readonly abandoned?: Abandonment;
  /** Where it takes a place for each piece of its work. */
  readonly turns?: TenantTurns;
  /** Called when the row says that it is in work. */
  readonly onClaim?: () => void;
}

/** It waits in its row, and is nobody's until then. */
class PostponedError extends Error {}

interface Prepared {
  readonly title: string | null;
  readonly chunks: readonly (Omit<NewChunk, 'words'> & { readonly head: string; readonly text: string })[];
}

/**
 * Takes one document in.
 *
 *   claim ─▶ parse and cut (child process) ─▶ store chunks and postings ─▶ embed in batches ─▶ publish
 *
 * A heartbeat runs from the claim to the end; each piece of work takes a turn, so that other tenants' documents pass; a
 * provider that asks for patience is waited for, and the row says why and until when. Nothing is found before `publish`. Ids of chunks follow from their text, so that a second attempt makes the same ones,
 * and goes on with those that have no vector yet. Every write checks the claim: a document that was deleted, or taken
 * over by another worker, ends the job without a word.
 */
@Injectable()
export class IngestDocumentJob {
  constructor(
    private readonly documents: IngestionRepository,
    private readonly files: DocumentFiles,
    private readonly parser: DocumentParser,
    private readonly llm: LlmService,
    private readonly renewal: SpaceRenewal,
    private readonly spending: SpendingLimits,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly metrics: Metrics = new Metrics(),
  ) {}

  /**
   * Ends with the document `ready` or `failed`, or waiting for a later time.
   * @throws UnavailableError when the database is away, the signal's reason when it is aborted: the document waits for the
   *   next worker then
   */
  async run(scope: TenantScope, documentId: string, signal: AbortSignal, options: IngestOptions = {}): Promise<void> {
    signal.throwIfAborted();
    const document = await this.documents.claim(scope, documentId, options.abandoned ?? ABANDONED);
    options.onClaim?.();
    if (document === null) return;
    const log = this.logger.child({ tenant_id: scope.tenantId, document_id: documentId, attempt: document.attempt });
    const started = performance.now();
    const lost = new AbortController();
    const beat = setInterval(() => {
      this.documents.beat(document).catch((error: unknown) => {
        if (error instanceof ClaimLostError || error instanceof TenantSuspendedMeanwhile) lost.abort(error);
      });
    }, HEARTBEAT_MS);
    this.metrics.documentBegun();
    let outcome: Parameters<Metrics['documentLeft']>[0] = 'given_back';
    try {
      const turns = options.turns ?? new TenantTurns(1);
      const chunks = await this.ingest(document, turns, AbortSignal.any([signal, lost.signal]));
      outcome = 'ready';
      // Its row says so; a line each would drown the others when hundreds are taken in.
      log.debug({ chunks, ms: Math.round(performance.now() - started) }, 'document ready');
    } catch (error) {
      if (lost.signal.reason instanceof TenantSuspendedMeanwhile) {
        await this.documents.release(document).catch(() => undefined);
        log.info('the document waits until its tenant is resumed');
        return;
      }
      if (error instanceof ClaimLostError || lost.signal.aborted) {
        outcome = 'dropped';
        log.debug('the document was deleted or taken over');
        return;
      }
      if (error instanceof PostponedError) {
        log.info('the document waits for its embedding provider, or for a budget');
        return;
      }
      if (signal.aborted || error instanceof UnavailableError) {
        await this.documents.release(document).catch(() => undefined);
        throw signal.aborted ? asError(signal.reason) : error;
      }
      const fault = faultOf(error);
      const level = fault.code === 'INTERNAL' ? 'error' : 'info';
      log[level]({ code: fault.code, err: fault.code === 'INTERNAL' ? asError(error) : undefined }, 'document failed');
      await this.documents.fail(document, fault).catch((failure: unknown) => {
        if (!(failure instanceof ClaimLostError)) throw failure;
      });
      outcome = 'failed';
    } finally {
      clearInterval(beat);
      this.metrics.documentLeft(outcome);
    }
  }

  private async ingest(claimed: ClaimedDocument, turns: TenantTurns, signal: AbortSignal): Promise<number> {
    if (claimed.strikes > MOST_STRIKES) throw new RepeatedStopError();
    const document = { ...claimed, ...(await this.spaceOf(claimed)) };
    await this.assertAffordable(document, signal);
    const turn: Turn = (work) => turns.take(document.tenantId, work, signal);
    if (document.attempt > 1) await this.documents.uncount(document);
    const prepared =
      document.sourceType === 'record' ? recordChunks(document) : await this.parse(document, turn, signal);
    const { chunks } = prepared;
    const standing = await this.documents.keepChunks(
      document,
      chunks.map(({ id }) => id),
      PARSED,
    );
    await this.store(
      document,
      chunks.filter(({ id }) => !standing.has(id)),
      turn,
    );
    const done = standing.size === 0 ? new Set<string>() : await this.documents.embedded(document);
    await this.embed(document, { chunks, done }, turn, signal);
    await turn(() => this.documents.publish(document, prepared.title, chunks.length));
    return chunks.length;
  }

  /** Of an older version of the local embedder: the base moves on first. */
  private async spaceOf(document: ClaimedDocument): Promise<Space> {
    if (LocalEmbedder.successorOf(document.space) === null) return document;
    return (await this.renewal.renewed(document, document.knowledgeBaseId)) ?? document;
  }

  private async parse(document: ClaimedDocument, turn: Turn, signal: AbortSignal): Promise<Prepared> {
    const { chunkSize: size, fileName, id, mimeType: mime } = document;
    const settings = { size, overlap: Math.min(document.chunkOverlap, Math.floor(size / 2)) };
    const parsed = await turn(() =>
      this.files.withFile(document, id, (path) =>
        this.parser.parseIntoChunks(
          { path, mime, fileName: fileName ?? document.title, owner: document.tenantId },
          settings,
          signal,
        ),
      ),
    );
    // A file's name is a title for want of a better one.
    const title = document.title === fileName ? (parsed.title ?? document.title) : document.title;
    return {
      title: title.slice(0, LONGEST_TITLE),
      chunks: parsed.chunks.map(({ content, embeddingText, index, page, section }) => {
        // A title that people gave is searched too.
        const text = embeddingText.startsWith(title) ? embeddingText : `${title}\n\n${embeddingText}`;
        const head = `${`${title} `.repeat(TITLE_COUNTS)}${`${section ?? ''} `.repeat(SECTION_COUNTS)}`;
        return { id: chunkId(id, index, text), ordinal: index, page, section, content, head, text };
      }),
    };
  }

  private async store(document: ClaimedDocument, chunks: Prepared['chunks'], turn: Turn): Promise<void> {
    const config = textSearchConfig(document.language);
    for (let at = 0; at < chunks.length; at += STORED_AT_ONCE) {
      const share = Math.min(1, (at + STORED_AT_ONCE) / chunks.length);
      await turn(() => {
        const batch = chunks
          .slice(at, at + STORED_AT_ONCE)
          .map(({ head, text, ...chunk }) => ({ ...chunk, words: lexicalText(`${head}${text}`) }));
        return this.documents.insertChunks(document, batch, config, PARSED + (STORED - PARSED) * share);
      });
    }
  }

  private async embed(
    document: ClaimedDocument,
    { chunks, done }: { chunks: Prepared['chunks']; done: ReadonlySet<string> },
    turn: Turn,
    signal: AbortSignal,
  ): Promise<void> {
    const embedder = this.llm.embedderFor(document.space);
    const open = chunks.filter(({ id }) => !done.has(id));
    // A record is embedded before anybody could read that it is being embedded.
    if (document.sourceType !== 'record') await this.documents.progress(document, 'embedding', STORED);
    for (let at = 0; at < open.length; at += EMBEDDED_AT_ONCE) {
      const batch = open.slice(at, at + EMBEDDED_AT_ONCE);
      const share = Math.min(1, (done.size + at + batch.length) / chunks.length);
      await this.embedBatch(document, { embedder, batch, progress: STORED + (0.99 - STORED) * share }, turn, signal);
      // People who chat come first: the event loop and the database get a breath between two batches.
      await pause(1);
    }
  }

  /**
   * Vectors and what they cost go together. What brought none (a failed request, a lost claim) is written down at once:
   * the next try may be half an hour away, and another process's. What it may cost is held from before the call until then.
   */
  private async embedBatch(
    document: ClaimedDocument,
    { batch, embedder, progress }: { batch: Prepared['chunks']; embedder: Embedder; progress: number },
    turn: Turn,
    signal: AbortSignal,
  ): Promise<void> {
    const texts = batch.map(({ text }) => text);
    const usage: UsageRow[] = [];
    const lossless = <T>(work: () => Promise<T>): Promise<T> => this.writingDown(document, usage, work);
    const call = () =>
      lossless(() =>
        embedder.embed(texts, 'passage', signal, (used) => usage.push(usageRow({ purpose: 'ingest', ...used }))),
      );
    const id = newId();
    const usd = embedder.reckon(texts, 'passage');
    const paid = async () => {
      await this.hold(document, { id, usd }, signal);
      // A provider elsewhere has places of its own: its answer may take long, and takes nothing from others here.
      return embedder.pace === null ? turn(call) : call();
    };
    try {
      const vectors = await this.patiently(document, embedder, paid, signal);
      await lossless(() => this.keep(document, { batch, vectors, progress, usage }, turn));
    } finally {
      if (usd > 0) await this.spending.free(document, id);
    }
  }

  private async keep(
    document: ClaimedDocument,
    {
      batch,
      progress,
      usage,
      vectors,
    }: {
      batch: Prepared['chunks'];
      vectors: readonly Float32Array[];
      progress: number;
      usage: readonly UsageRow[];
    },
    turn: Turn,
  ): Promise<void> {
    const rows = batch.flatMap(({ id }, index) => {
      const vector = vectors[index];
      return vector === undefined ? [] : [{ chunkId: id, vector }];
    });
    if (rows.length !== batch.length) throw new Error('The embedder gave fewer vectors than it was given texts');
    await turn(() => this.documents.insertVectors(document, rows, progress, usage));
  }

  /** Before anything is read: of a document that waits for a budget nothing is read again each time that it is looked at. */
  private async assertAffordable(document: ClaimedDocument, signal: AbortSignal): Promise<void> {
    const usd = this.llm.embedderFor(document.space).reckon([document.title], 'passage');
    if (usd === 0) return;
    const id = newId();
    await this.hold(document, { id, usd }, signal);
    await this.spending.free(document, id);
  }

  /**
   * Takes what a call may cost out of the tenant's budget. Where nothing is left for a while, it is waited for.
   * @throws PostponedError; BudgetExceededError where it takes too long, or waiting would change nothing
   */
  private async hold(
    document: ClaimedDocument,
    { id, usd }: { id: string; usd: number },
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      try {
        return await this.spending.hold(document, id, usd);
      } catch (error) {
        if (!(error instanceof BudgetExceededError) || !isWaitedOut(error)) throw error;
        const ms = error.anewMs ?? 0;
        // What others have reserved should be settled soon.
        if (ms <= SAT_OUT_MS && (await this.documents.troubled(document))) throw error;
        await this.wait(document, error.message, ms, signal);
      }
    }
  }

  /** Usage that a failure leaves goes into the books. Rows that stand already (a commit whose reply was lost) are passed over. */
  private async writingDown<T>(document: ClaimedDocument, usage: UsageRow[], work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const rows = usage.splice(0);
      await this.documents.recordUsage(document, rows).catch((lost: unknown) => {
        this.logger.error({ err: asError(lost), tenant_id: document.tenantId, rows }, 'a usage was not written down');
      });
      throw error;
    }
  }

  /** Trouble that passes is waited out, as the provider asks. @throws PostponedError, TroubleLastsError */
  private async patiently<T>(
    document: ClaimedDocument,
    { pace }: Embedder,
    call: () => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    for (;;) {
      signal.throwIfAborted();
      while (pace !== null && pace.pauseMs() > 0) await this.wait(document, pace.reason, pace.pauseMs(), signal);
      try {
        return await call();
      } catch (error) {
        if (signal.aborted || !isPassingFault(error)) throw error;
        const ms = Math.max(pace?.pauseMs() ?? 0, error.retryAfterMs ?? SHORTEST_WAIT_MS);
        const reason = pace?.reason ?? 'The embedding provider has a fault that may pass';
        // Judged by what was tried, not by what others' tries have cost.
        if (await this.documents.troubled(document)) throw new TroubleLastsError(reason);
        await this.wait(document, reason, ms, signal);
      }
    }
  }

  private async wait(document: ClaimedDocument, reason: string, wanted: number, signal: AbortSignal): Promise<void> {
    const ms = Math.min(wanted, LONGEST_WAIT_MS);
    const hold = ms <= SAT_OUT_MS;
    await this.documents.postpone(document, { reason, ms, hold });
    if (!hold) throw new PostponedError();
    await pause(ms, undefined, { signal });
  }
}

/** Runs a piece of work when it is the tenant's turn. */
type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/** A record is one passage, found by its title and its text fields. */
function recordChunks(document: ClaimedDocument): Prepared {
  const record = document.record ?? {};
  const text = recordText(record, document.settings);
  const content = text === '' ? recordTitle(record, document.settings) : text;
  const id = chunkId(document.id, 0, content);
  return { title: null, chunks: [{ id, ordinal: 0, page: null, section: null, content, head: '', text: content }] };
}
