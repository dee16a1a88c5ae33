import { AppConfig } from '#platform/config';
import type { TenantScope } from '#platform/context';
import { asError, isAbortError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { JobQueue } from '#platform/queue';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { z } from 'zod';
import { UploadStore } from '../documents/upload-store.js';
import { IngestDocumentJob } from './ingest-document.job.js';
import { IngestionRepository } from './ingestion.repository.js';

const QUEUE = 'rag.ingest-document';
const payload = z.object({ tenant_id: z.guid(), document_id: z.guid() });
/** Documents at once in this process; each has a child of its own while it is parsed. */
const CONCURRENCY = 2;
const SWEEP_MS = 30_000;
/** A document in work shows a sign of life every ten seconds. */
const ABANDONED_SECONDS = 60;
const SWEPT_AT_ONCE = 200;

/**
 * Sees to it that every document ends as ready or failed. The documents' rows are the truth: the queue only says which one
 * is next, and what it lost (a crash between the row and the job, a killed worker) is found again at the start and every
 * half minute.
 */
@Injectable()
export class DocumentIngestion implements OnApplicationBootstrap, OnModuleDestroy {
  private sweeper: NodeJS.Timeout | undefined;

  constructor(
    private readonly queue: JobQueue,
    private readonly job: IngestDocumentJob,
    private readonly documents: IngestionRepository,
    private readonly uploads: UploadStore,
    private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.queue.work({
      queue: QUEUE,
      concurrency: CONCURRENCY,
      schema: payload,
      handle: ({ document_id, tenant_id }, signal) => this.job.run({ tenantId: tenant_id }, document_id, signal),
    });
    await this.uploads.clearIncoming();
    // Nobody else can be at work on the embedded database: what is unfinished is ours from before.
    await this.sweep(this.config.embeddedDatabase ? 0 : ABANDONED_SECONDS);
    this.sweeper = setInterval(() => {
      this.sweep(ABANDONED_SECONDS).catch((error: unknown) => {
        this.logger.warn({ err: asError(error) }, 'unfinished documents could not be looked for');
      });
    }, SWEEP_MS);
    this.sweeper.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.sweeper);
  }

  /** Call it once the document's row is committed. A queue that is away loses nothing: the sweep finds the row. */
  async enqueue(scope: TenantScope, documentId: string): Promise<void> {
    try {
      await this.queue.add(QUEUE, { tenant_id: scope.tenantId, document_id: documentId }, { key: documentId });
    } catch (error) {
      if (isAbortError(error)) return;
      this.logger.warn({ err: asError(error), document_id: documentId }, 'a document waits for the next sweep');
    }
  }

  private async sweep(olderThanSeconds: number): Promise<void> {
    for (const { documentId, tenantId } of await this.documents.unfinished(olderThanSeconds, SWEPT_AT_ONCE)) {
      await this.enqueue({ tenantId }, documentId);
    }
  }
}
