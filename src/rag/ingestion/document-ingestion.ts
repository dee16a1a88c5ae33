import { AppConfig } from '#platform/config';
import type { TenantScope } from '#platform/context';
import { asError, isAbortError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { JobQueue } from '#platform/queue';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy, Optional } from '@nestjs/common';
import { z } from 'zod';
import { DocumentRemoval } from '../documents/document-removal.js';
import { ABANDONED_SECONDS, IngestDocumentJob } from './ingest-document.job.js';
import { type Abandonment, IngestionRepository } from './ingestion.repository.js';
import { TenantTurns } from './tenant-turns.js';

const QUEUE = 'rag.ingest';
const payload = z.object({ tenant_id: z.guid() });
/** Pieces of work at once in this process. */
const PLACES = 2;
/** Documents in work at once: more than places, so that a short one is begun while long ones of others go on. */
const MOST_IN_WORK = 6;
/** Of different tenants, looked at for one to begin. */
const CANDIDATES = 20;
const SWEEP_MS = 60_000;

export const INGESTION_POLL = Symbol('INGESTION_POLL');
/** How often rows are looked for that no hint spoke of: of a killed worker, after a cut, waiting for their time. */
const POLL_MS = 5000;

/**
 * Sees to it that every document ends as ready or failed. The documents' rows are the truth: a job of the queue only says
 * that there is something to look for, and without any the rows are found within seconds.
 *
 *   upload, a hint, a finished document, every 5 s ─▶ look ─▶ due documents, tenants in turn ─▶ IngestDocumentJob
 *
 * As many documents are in work as there are places; beyond that only those of tenants that have none in work here. Their
 * pieces of work take the places in turn (`TenantTurns`).
 */
@Injectable()
export class DocumentIngestion implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly turns = new TenantTurns(PLACES);
  private readonly inWork = new Map<string, { readonly tenantId: string; readonly run: Promise<void> }>();
  private readonly stopping = new AbortController();
  private abandoned: Abandonment = { afterSeconds: ABANDONED_SECONDS, startedAt: new Date(0) };
  private started = false;
  private looking: Promise<void> | null = null;
  private lookAgain = false;
  private timer: NodeJS.Timeout | undefined;
  private sweeper: NodeJS.Timeout | undefined;

  constructor(
    private readonly queue: JobQueue,
    private readonly job: IngestDocumentJob,
    private readonly documents: IngestionRepository,
    private readonly removal: DocumentRemoval,
    private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    @Optional() @Inject(INGESTION_POLL) private readonly pollMs: number = POLL_MS,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    // Nobody else can be at work on the embedded database: what is unfinished is ours from before.
    if (this.config.embeddedDatabase) this.abandoned = { ...this.abandoned, startedAt: new Date() };
    this.started = true;
    const look = (): void => this.look();
    await this.queue.work({ queue: QUEUE, concurrency: 1, schema: payload, handle: () => Promise.resolve(look()) });
    this.look();
    const sweep = (): void => {
      this.removal.sweep().catch((error: unknown) => {
        this.logger.warn({ err: asError(error) }, 'half removed documents could not be looked for');
      });
    };
    sweep();
    this.sweeper = setInterval(sweep, SWEEP_MS);
    this.sweeper.unref();
  }

  /** Aborts what runs, and waits until it is given back. */
  async onModuleDestroy(): Promise<void> {
    this.started = false;
    clearTimeout(this.timer);
    clearInterval(this.sweeper);
    this.stopping.abort(new DOMException('The process is stopping', 'AbortError'));
    this.documents.stopWaiting();
    await this.looking;
    await Promise.all([...this.inWork.values()].map(({ run }) => run));
  }

  /** Call it once the document's row is committed. A queue that is away loses nothing: the rows are found. */
  async enqueue(scope: TenantScope, documentId: string): Promise<void> {
    this.look();
    try {
      await this.queue.add(QUEUE, { tenant_id: scope.tenantId }, { key: scope.tenantId });
    } catch (error) {
      if (isAbortError(error)) return;
      this.logger.warn({ err: asError(error), document_id: documentId }, 'a document waits until its row is found');
    }
  }

  private look(): void {
    if (!this.started) return;
    if (this.looking !== null) {
      this.lookAgain = true;
      return;
    }
    clearTimeout(this.timer);
    this.looking = this.begin()
      .catch((error: unknown) => {
        this.logger.warn({ err: asError(error) }, 'waiting documents could not be looked for; trying again');
      })
      .finally(() => {
        this.looking = null;
        if (!this.started) return;
        if (this.lookAgain) {
          this.lookAgain = false;
          this.look();
          return;
        }
        this.timer = setTimeout(() => this.look(), this.pollMs);
        this.timer.unref();
      });
  }

  /** Begins documents until there are none, or enough. */
  private async begin(): Promise<void> {
    while (this.started && this.inWork.size < MOST_IN_WORK) {
      const due = await this.documents.due(this.abandoned, this.turns.servedLately(), CANDIDATES);
      const busy = new Set([...this.inWork.values()].map(({ tenantId }) => tenantId));
      const room = this.inWork.size < PLACES;
      const next = due.find(
        ({ documentId, tenantId }) => !this.inWork.has(documentId) && (room || !busy.has(tenantId)),
      );
      if (next === undefined) return;
      // Its claim decides; another instance may have been quicker. A database that fails is asked again later.
      if (!(await this.start(next.tenantId, next.documentId))) return;
    }
  }

  /** Resolves when its claim was answered: the next look must not find it again. @returns false when it was not */
  private start(tenantId: string, documentId: string): Promise<boolean> {
    return new Promise((resolve) => {
      let answered = false;
      const onClaim = (): void => resolve((answered = true));
      const { abandoned, turns } = this;
      const run = this.job
        .run({ tenantId }, documentId, this.stopping.signal, { abandoned, turns, onClaim })
        .catch((error: unknown) => {
          if (!this.stopping.signal.aborted) this.logger.warn({ err: asError(error) }, 'a document was given back');
        })
        .finally(() => {
          this.inWork.delete(documentId);
          if (answered) this.look();
          else resolve(false);
        });
      this.inWork.set(documentId, { tenantId, run });
    });
  }
}
