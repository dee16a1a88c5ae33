import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Embedder, LlmService } from '#llm';
import { BlobStore, FileBlobStore, RowsBlobStore } from '#platform/blobs';
import { loadConfig } from '#platform/config';
import type { RequestContext, Role } from '#platform/context';
import { newId, UnitOfWork } from '#platform/database';
import { Limiters } from '#platform/limits';
import { createLogger } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { OutboundClient, TenantAllowList } from '#platform/outbound';
import { builtFile } from '#platform/paths';
import { InMemoryJobQueue } from '#platform/queue';
import { AuditService, type Quotas, SpendingLimits, type TenantSettings, type TenantSettingsCache } from '#tenants';
import { BudgetRepository } from '../../../src/tenants/limits/budget.repository.js';
import { TokenLimiter } from '../../../src/tenants/limits/token-limiter.js';
import { SETTINGS } from '../../support/agent-fakes.js';
import { DocumentRepository } from '../../../src/rag/documents/document.repository.js';
import type { StoredDocument } from '../../../src/rag/documents/document.js';
import { DocumentService } from '../../../src/rag/documents/document.service.js';
import { StorageQuota } from '../../../src/rag/documents/storage-quota.js';
import { DocumentFiles } from '../../../src/rag/documents/document-files.js';
import { DocumentRemoval } from '../../../src/rag/documents/document-removal.js';
import { DocumentIngestion } from '../../../src/rag/ingestion/document-ingestion.js';
import { IngestDocumentJob } from '../../../src/rag/ingestion/ingest-document.job.js';
import { IngestionRepository } from '../../../src/rag/ingestion/ingestion.repository.js';
import { KnowledgeBaseCache } from '../../../src/rag/knowledge-bases/knowledge-base.cache.js';
import { KnowledgeBaseRepository } from '../../../src/rag/knowledge-bases/knowledge-base.repository.js';
import { KnowledgeBaseService } from '../../../src/rag/knowledge-bases/knowledge-base.service.js';
import { SpaceRenewal } from '../../../src/rag/knowledge-bases/space-renewal.js';
import { SpaceRenewalRepository } from '../../../src/rag/knowledge-bases/space-renewal.repository.js';
import { MatchingRepository } from '../../../src/rag/matching/matching.repository.js';
import { RecordCatalogs } from '../../../src/rag/matching/record-catalogs.js';
import { MatchingService } from '../../../src/rag/matching/matching.service.js';
import { ChildProcessDocumentParser } from '../../../src/rag/parsing/child-process.document-parser.js';
import type { DocumentParser } from '../../../src/rag/parsing/document-parser.port.js';
import { RetrievalRepository } from '../../../src/rag/retrieval/retrieval.repository.js';
import { RetrievalService } from '../../../src/rag/retrieval/retrieval.service.js';
import { TestDatabase } from '../../support/test-database.js';

export const NEVER = new AbortController().signal;
export const TOP_K = 5;

export interface RagOptions {
  readonly embedder?: Embedder;
  readonly parser?: DocumentParser;
  readonly onProviderFailure?: 'fail' | 'degrade';
  /** Milliseconds; long unless a spec is about it, so that a second process of a spec is not robbed by the first. */
  readonly poll?: number;
  /** One of several instances on a database: blobs in rows, and what others hold is theirs. */
  readonly shared?: boolean;
  readonly llm?: LlmService;
  /** What its tenants may spend, as it stands now; absent: no limit. */
  readonly ceilings?: Partial<TenantSettings['ceilings']>;
}

/** The module's services on a real database, without Nest. */
export class RagUnderTest {
  readonly metrics = new Metrics();
  readonly queue: InMemoryJobQueue;
  readonly blobs: BlobStore;
  readonly files: DocumentFiles;
  readonly removal: DocumentRemoval;
  readonly parser: DocumentParser;
  readonly bases: KnowledgeBaseService;
  readonly documents: DocumentService;
  readonly retrieval: RetrievalService;
  readonly matching: MatchingService;
  readonly ingestion: DocumentIngestion;
  readonly job: IngestDocumentJob;
  readonly spending: SpendingLimits;
  readonly ingestions: IngestionRepository;
  readonly documentRows: DocumentRepository;
  readonly baseRows: KnowledgeBaseRepository;

  constructor(
    readonly database: TestDatabase,
    readonly folder: string,
    options: RagOptions = {},
  ) {
    const work: UnitOfWork = database.uow;
    const logger = createLogger({ level: process.env['RAG_TEST_LOG'] ?? 'silent' });
    const config = loadConfig({
      NODE_ENV: 'test',
      DATA_DIR: folder,
      ...(options.shared ? { DATABASE_URL: database.url } : {}),
    });
    const { embedder } = options;
    const llm = embedder
      ? ({ embedder: () => embedder, embedderFor: () => embedder } as unknown as LlmService)
      : (options.llm ?? new LlmService(config));
    const audit = new AuditService(work);
    const settings = {
      get: () =>
        Promise.resolve({
          topK: TOP_K,
          onProviderFailure: options.onProviderFailure ?? 'fail',
          ceilings: { ...SETTINGS.ceilings, ...options.ceilings },
        }),
    } as unknown as TenantSettingsCache;
    this.queue = new InMemoryJobQueue(logger);
    this.blobs = config.embeddedDatabase
      ? new FileBlobStore(folder)
      : new RowsBlobStore(work, join(folder, 'temporary'));
    this.files = new DocumentFiles(this.blobs);
    this.baseRows = new KnowledgeBaseRepository(work);
    const cache = new KnowledgeBaseCache(this.baseRows);
    this.documentRows = new DocumentRepository(work);
    this.ingestions = new IngestionRepository(work);
    this.removal = new DocumentRemoval(this.documentRows, this.files, work);
    this.parser = options.parser ?? new ChildProcessDocumentParser(builtFile('rag/parsing/parser.child.js'));
    const renewals = new SpaceRenewalRepository(work, this.baseRows);
    this.spending = new SpendingLimits(new BudgetRepository(work), new TokenLimiter(new Limiters(null)), settings);
    const renewal = new SpaceRenewal(this.baseRows, cache, renewals, llm, this.spending, logger);
    const { ingestions, files, parser, spending } = this;
    this.job = new IngestDocumentJob(ingestions, files, parser, llm, renewal, spending, logger, this.metrics);
    const { poll = 600_000 } = options;
    this.ingestion = new DocumentIngestion(this.queue, this.job, this.ingestions, this.removal, config, logger, poll);
    this.bases = new KnowledgeBaseService(this.baseRows, cache, this.documentRows, this.removal, work, llm, audit);
    const quotas = { hold: () => Promise.resolve(null), countedBy: () => undefined } as unknown as Quotas;
    const outbound = new OutboundClient({ allow: [], userAgent: 'switchboard' });
    this.documents = new DocumentService(
      this.documentRows,
      this.bases,
      this.ingestion,
      this.files,
      this.removal,
      new StorageQuota(quotas, this.documentRows),
      work,
      audit,
      outbound,
      new TenantAllowList(),
    );
    const records = new MatchingRepository(work);
    const catalogs = new RecordCatalogs(records);
    this.matching = new MatchingService(records, catalogs, cache, llm, settings, logger, renewal);
    const passages = new RetrievalRepository(work);
    this.retrieval = new RetrievalService(passages, cache, llm, settings, logger, renewal, this.spending);
  }

  static async start(options: RagOptions = {}): Promise<RagUnderTest> {
    const database = await TestDatabase.start();
    const rag = new RagUnderTest(database, await mkdtemp(join(tmpdir(), 'rag-')), options);
    await rag.ingestion.onApplicationBootstrap();
    return rag;
  }

  /** A second process on the same database and files. */
  beside(options: RagOptions = {}): RagUnderTest {
    return new RagUnderTest(this.database, this.folder, options);
  }

  async caller(options: { tenantId?: string; role?: Role; persona?: string | null } = {}): Promise<RequestContext> {
    const { persona = null, role = 'tenant_admin' } = options;
    const tenantId = options.tenantId ?? (await this.database.tenant()).tenantId;
    const id = await this.database.principal(tenantId, role, persona);
    return { tenantId, principal: { id, role, persona, sessionId: null }, correlationId: newId() };
  }

  async settled(ctx: RequestContext, document: StoredDocument): Promise<StoredDocument> {
    for (let tries = 0; tries < 600; tries++) {
      const now = await this.documents.get(ctx, document.knowledgeBaseId, document.id);
      if (now.status === 'ready' || now.status === 'failed') return now;
      await sleep(50);
    }
    throw new Error('The document was not taken in within 30 s');
  }

  async halt(): Promise<void> {
    await this.ingestion.onModuleDestroy();
    await this.queue.stop();
    if (this.parser instanceof ChildProcessDocumentParser) this.parser.onApplicationShutdown();
  }

  async stop(): Promise<void> {
    await this.halt();
    await this.database.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
