import { LlmModule } from '#llm';
import { BlobsModule, BlobStore } from '#platform/blobs';
import { AppConfig } from '#platform/config';
import { builtFile } from '#platform/paths';
import { TenantsModule } from '#tenants';
import { ToolRegistry, ToolsModule } from '#tools';
import { Module, type OnModuleInit } from '@nestjs/common';
import { MulterModule } from '@nestjs/platform-express';
import { DocumentEvents } from './documents/document-events.js';
import { DocumentFiles } from './documents/document-files.js';
import { DocumentRemoval } from './documents/document-removal.js';
import { DocumentRepository } from './documents/document.repository.js';
import { StorageQuota } from './documents/storage-quota.js';
import { DocumentService } from './documents/document.service.js';
import { DocumentsController } from './documents/documents.controller.js';
import { uploadOptions } from './documents/upload-options.js';
import { DocumentIngestion } from './ingestion/document-ingestion.js';
import { IngestDocumentJob } from './ingestion/ingest-document.job.js';
import { IngestionRepository } from './ingestion/ingestion.repository.js';
import { KnowledgeBaseCache } from './knowledge-bases/knowledge-base.cache.js';
import { KnowledgeBaseRepository } from './knowledge-bases/knowledge-base.repository.js';
import { KnowledgeBaseService } from './knowledge-bases/knowledge-base.service.js';
import { SpaceRenewal } from './knowledge-bases/space-renewal.js';
import { SpaceRenewalRepository } from './knowledge-bases/space-renewal.repository.js';
import { KnowledgeBasesController } from './knowledge-bases/knowledge-bases.controller.js';
import { knowledgeTool } from './knowledge.tool.js';
import { MatchingRepository } from './matching/matching.repository.js';
import { MatchingService } from './matching/matching.service.js';
import { RecordCatalogs } from './matching/record-catalogs.js';
import { ChildProcessDocumentParser } from './parsing/child-process.document-parser.js';
import { DocumentParser } from './parsing/document-parser.port.js';
import { RetrievalRepository } from './retrieval/retrieval.repository.js';
import { RetrievalService } from './retrieval/retrieval.service.js';

/** Needs the global queue, database, outbound and logging modules. */
@Module({
  imports: [
    LlmModule,
    TenantsModule,
    ToolsModule,
    BlobsModule,
    MulterModule.registerAsync({
      imports: [BlobsModule],
      inject: [AppConfig, BlobStore],
      useFactory: (config: AppConfig, blobs: BlobStore) => uploadOptions(config, new DocumentFiles(blobs)),
    }),
  ],
  controllers: [KnowledgeBasesController, DocumentsController],
  providers: [
    KnowledgeBaseRepository,
    KnowledgeBaseCache,
    KnowledgeBaseService,
    SpaceRenewal,
    SpaceRenewalRepository,
    DocumentRepository,
    StorageQuota,
    DocumentEvents,
    DocumentService,
    DocumentFiles,
    DocumentRemoval,
    {
      provide: DocumentParser,
      useFactory: () => new ChildProcessDocumentParser(builtFile('rag/parsing/parser.child.js')),
    },
    IngestionRepository,
    IngestDocumentJob,
    DocumentIngestion,
    RetrievalRepository,
    RetrievalService,
    MatchingRepository,
    RecordCatalogs,
    MatchingService,
  ],
  exports: [KnowledgeBaseService, DocumentService, RetrievalService, MatchingService],
})
export class RagModule implements OnModuleInit {
  constructor(
    private readonly tools: ToolRegistry,
    private readonly retrieval: RetrievalService,
  ) {}

  onModuleInit(): void {
    this.tools.registerBuiltin(knowledgeTool(this.retrieval));
  }
}
