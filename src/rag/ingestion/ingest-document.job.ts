import { type Embedder, LlmService, usageRow, type UsageRow } from '#llm';
import type { TenantScope } from '#platform/context';
import { asError, UnavailableError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { UploadStore } from '../documents/upload-store.js';
import { lexicalText } from '../lexical/lexical-text.js';
import { textSearchConfig } from '../lexical/text-search-config.js';
import { DocumentParser } from '../parsing/document-parser.port.js';
import { chunkId } from './chunk-id.js';
import { faultOf } from './ingest-failure.js';
import { type ClaimedDocument, ClaimLostError, IngestionRepository, type NewChunk } from './ingestion.repository.js';
import { recordText, recordTitle } from './record-text.js';

/** Chunks stored in one statement. */
const STORED_AT_ONCE = 50;
/** Texts embedded, and vectors stored, before the progress is written down. */
const EMBEDDED_AT_ONCE = 64;
/** A sign of life while a child parses. */
const HEARTBEAT_MS = 10_000;
/** The share of the progress bar that parsing, and storing the chunks, stand for. */
const PARSED = 0.3;
const STORED = 0.5;
const LONGEST_TITLE = 300;
/** How often the words of a title, and of the headings, count beside once in the text: they say what a passage is about. */
const TITLE_COUNTS = 2;
const SECTION_COUNTS = 4;

interface Prepared {
  readonly title: string | null;
  readonly chunks: readonly (Omit<NewChunk, 'words'> & { readonly head: string; readonly text: string })[];
}

/**
 * Takes one document in.
 *
 *   claim ─▶ parse and cut (child process) ─▶ store chunks and postings ─▶ embed in batches ─▶ publish
 *
 * Nothing is found before `publish`. Ids of chunks follow from their text, so that a second attempt makes the same ones,
 * and goes on with those that have no vector yet. Every write checks the claim: a document that was deleted, or taken
 * over by another worker, ends the job without a word.
 */
@Injectable()
export class IngestDocumentJob {
  constructor(
    private readonly documents: IngestionRepository,
    private readonly uploads: UploadStore,
    private readonly parser: DocumentParser,
    private readonly llm: LlmService,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly metrics: Metrics = new Metrics(),
  ) {}

  /**
   * Ends with the document `ready` or `failed`.
   * @throws UnavailableError when the database is away, the signal's reason when it is aborted: the document waits for the
   *   next worker then
   */
  async run(scope: TenantScope, documentId: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const document = await this.documents.claim(scope, documentId);
    if (document === null) return;
    const log = this.logger.child({ tenant_id: scope.tenantId, document_id: documentId, attempt: document.attempt });
    const started = performance.now();
    this.metrics.documentBegun();
    let outcome: Parameters<Metrics['documentLeft']>[0] = 'given_back';
    try {
      const chunks = await this.ingest(document, signal);
      outcome = 'ready';
      // Its row says so; a line each would drown the others when hundreds are taken in.
      log.debug({ chunks, ms: Math.round(performance.now() - started) }, 'document ready');
    } catch (error) {
      if (error instanceof ClaimLostError) {
        outcome = 'dropped';
        log.debug('the document was deleted or taken over');
        return;
      }
      if (signal.aborted || error instanceof UnavailableError) {
        await this.documents.release(document).catch(() => undefined);
        throw signal.aborted ? asError(signal.reason) : error;
      }
      const fault = faultOf(error);
      const level = fault.code === 'INTERNAL' ? 'error' : 'info';
      log[level]({ code: fault.code, err: fault.code === 'INTERNAL' ? asError(error) : undefined }, 'document failed');
      await this.documents.fail(document, fault).catch((lost: unknown) => {
        if (!(lost instanceof ClaimLostError)) throw lost;
      });
      outcome = 'failed';
    } finally {
      this.metrics.documentLeft(outcome);
    }
  }

  private async ingest(document: ClaimedDocument, signal: AbortSignal): Promise<number> {
    const prepared = document.sourceType === 'record' ? recordChunks(document) : await this.parse(document, signal);
    const { chunks } = prepared;
    const standing = await this.documents.keepChunks(
      document,
      chunks.map(({ id }) => id),
      PARSED,
    );
    await this.store(
      document,
      chunks.filter(({ id }) => !standing.has(id)),
      signal,
    );
    const done = standing.size === 0 ? new Set<string>() : await this.documents.embedded(document);
    await this.embed(document, { chunks, done }, signal);
    await this.documents.publish(document, prepared.title);
    return chunks.length;
  }

  private async parse(document: ClaimedDocument, signal: AbortSignal): Promise<Prepared> {
    const file = {
      path: this.uploads.pathOf(document, document.id),
      mime: document.mimeType,
      fileName: document.fileName ?? document.title,
    };
    const size = document.chunkSize;
    const settings = { size, overlap: Math.min(document.chunkOverlap, Math.floor(size / 2)) };
    // Waiting for a free child counts too: a document in line must not look abandoned.
    const beat = setInterval(() => {
      this.documents.progress(document, 'parsing', 0.05).catch(() => undefined);
    }, HEARTBEAT_MS);
    try {
      const parsed = await this.parser.parseIntoChunks(file, settings, signal);
      // A file's name is a title for want of a better one.
      const title = document.title === document.fileName ? (parsed.title ?? document.title) : document.title;
      return {
        title: title.slice(0, LONGEST_TITLE),
        chunks: parsed.chunks.map(({ content, embeddingText, index, page, section }) => {
          // A title that people gave is searched too.
          const text = embeddingText.startsWith(title) ? embeddingText : `${title}\n\n${embeddingText}`;
          const head = `${`${title} `.repeat(TITLE_COUNTS)}${`${section ?? ''} `.repeat(SECTION_COUNTS)}`;
          return { id: chunkId(document.id, index, text), ordinal: index, page, section, content, head, text };
        }),
      };
    } finally {
      clearInterval(beat);
    }
  }

  private async store(document: ClaimedDocument, chunks: Prepared['chunks'], signal: AbortSignal): Promise<void> {
    const config = textSearchConfig(document.language);
    for (let at = 0; at < chunks.length; at += STORED_AT_ONCE) {
      signal.throwIfAborted();
      const batch = chunks
        .slice(at, at + STORED_AT_ONCE)
        .map(({ head, text, ...chunk }) => ({ ...chunk, words: lexicalText(`${head}${text}`) }));
      const share = Math.min(1, (at + STORED_AT_ONCE) / chunks.length);
      await this.documents.insertChunks(document, batch, config, PARSED + (STORED - PARSED) * share);
    }
  }

  private async embed(
    document: ClaimedDocument,
    { chunks, done }: { chunks: Prepared['chunks']; done: ReadonlySet<string> },
    signal: AbortSignal,
  ): Promise<void> {
    const embedder = this.llm.embedderFor(document.space);
    const open = chunks.filter(({ id }) => !done.has(id));
    // A record is embedded before anybody could read that it is being embedded.
    if (document.sourceType !== 'record') await this.documents.progress(document, 'embedding', STORED);
    for (let at = 0; at < open.length; at += EMBEDDED_AT_ONCE) {
      signal.throwIfAborted();
      const batch = open.slice(at, at + EMBEDDED_AT_ONCE);
      const share = Math.min(1, (done.size + at + batch.length) / chunks.length);
      await this.embedBatch(document, { embedder, batch, progress: STORED + (0.99 - STORED) * share }, signal);
      // People who chat come first: the event loop and the database get a breath between two batches.
      await pause(1);
    }
  }

  /** Vectors and what they cost go together; where there are none to store (a failure, a lost claim), the cost alone. */
  private async embedBatch(
    document: ClaimedDocument,
    { batch, embedder, progress }: { batch: Prepared['chunks']; embedder: Embedder; progress: number },
    signal: AbortSignal,
  ): Promise<void> {
    const usage: UsageRow[] = [];
    try {
      const vectors = await embedder.embed(
        batch.map(({ text }) => text),
        'passage',
        signal,
        (used) => usage.push(usageRow({ purpose: 'ingest', ...used })),
      );
      const rows = batch.flatMap(({ id }, index) => {
        const vector = vectors[index];
        return vector === undefined ? [] : [{ chunkId: id, vector }];
      });
      if (rows.length !== batch.length) throw new Error('The embedder gave fewer vectors than it was given texts');
      await this.documents.insertVectors(document, rows, progress, usage);
    } catch (error) {
      // Rows that stand already (a commit whose reply was lost) are passed over.
      await this.documents.recordUsage(document, usage).catch((lost: unknown) => {
        this.logger.error({ err: asError(lost), tenant_id: document.tenantId, usage }, 'a usage was not written down');
      });
      throw error;
    }
  }
}

/** A record is one passage, found by its title and its text fields. */
function recordChunks(document: ClaimedDocument): Prepared {
  const record = document.record ?? {};
  const text = recordText(record, document.settings);
  const content = text === '' ? recordTitle(record, document.settings) : text;
  const id = chunkId(document.id, 0, content);
  return { title: null, chunks: [{ id, ordinal: 0, page: null, section: null, content, head: '', text: content }] };
}
