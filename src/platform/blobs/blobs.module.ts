import { AppConfig } from '#platform/config';
import { UnitOfWork } from '#platform/database';
import { Module } from '@nestjs/common';
import { join } from 'node:path';
import { BlobStore } from './blob-store.port.js';
import { FileBlobStore } from './file.blob-store.js';
import { RowsBlobStore } from './rows.blob-store.js';

/** Files beside the embedded database, rows in one that other instances may share. */
@Module({
  providers: [
    {
      provide: BlobStore,
      inject: [AppConfig, UnitOfWork],
      useFactory: (config: AppConfig, work: UnitOfWork): BlobStore =>
        config.embeddedDatabase
          ? new FileBlobStore(config.dataDir)
          : new RowsBlobStore(work, join(config.dataDir, 'temporary')),
    },
  ],
  exports: [BlobStore],
})
export class BlobsModule {}
