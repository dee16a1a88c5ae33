import { type BlobKey, BlobStore } from '#platform/blobs';
import type { TenantScope } from '#platform/context';
import { pageOf, type TenantTable, tenantTables, UnitOfWork } from '#platform/database';
import { asError } from '#platform/errors';
import { TenantService } from '#tenants';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { JobResult } from '../jobs/job.entity.js';
import type { Job } from '../jobs/job.repository.js';
import { type JobProgress, JobRunner, type JobWork } from '../jobs/job-runner.js';
import { maskSecrets } from './mask-secrets.js';
import { ZipStream } from './zip-stream.js';

const ROWS_AT_ONCE = 500;
/** Rows of files: the files themselves are in the archive. */
const PIECES_OF_FILES = new Set(['blob_chunk']);

/**
 * One archive of everything that a tenant has: a file of JSON lines for each table that the catalog knows of
 * (`tables/<name>.jsonl`), and its files (`files/<purpose>/<id>`). Without hashes, sealed secrets and vectors, which follow
 * from the texts; of secrets in settings the last four characters.
 */
@Injectable()
export class ExportTenant implements JobWork, OnModuleInit {
  readonly kind = 'tenant.export';

  constructor(
    private readonly runner: JobRunner,
    private readonly unitOfWork: UnitOfWork,
    private readonly blobs: BlobStore,
    private readonly tenants: TenantService,
  ) {}

  onModuleInit(): void {
    this.runner.register(this);
  }

  async run(job: Job, progress: JobProgress): Promise<JobResult> {
    const key: BlobKey = { tenantId: job.tenantId, purpose: 'export', id: job.id };
    const archive = new ZipStream();
    const counts: Record<string, number> = {};
    const written = this.write({ tenantId: job.targetId }, archive, counts, progress);
    written.catch((error: unknown) => archive.fail(asError(error)));
    const [stored] = await Promise.all([this.blobs.put(key, archive.stream), written]);
    await this.blobs.keep(key);
    return { sha256: stored.sha256.toString('hex'), counts };
  }

  private async write(
    scope: TenantScope,
    archive: ZipStream,
    counts: Record<string, number>,
    progress: JobProgress,
  ): Promise<void> {
    const all = await this.unitOfWork.run(scope, tenantTables);
    const tables = all.filter(({ name }) => !PIECES_OF_FILES.has(name));
    const { entitlements: _, ...own } = await this.tenants.get(scope);
    await archive.text('tables/tenant.jsonl', lines([own]));
    for (const [index, table] of tables.entries()) {
      await archive.text(`tables/${table.name}.jsonl`, this.rowsOf(scope, table, counts));
      await progress.at((0.8 * (index + 1)) / tables.length, counts);
    }
    const files = (await this.blobs.ofTenant(scope)).filter(({ purpose }) => purpose !== 'export');
    counts['files'] = 0;
    for (const [index, file] of files.entries()) {
      const opened = await this.blobs.open(file);
      if (opened === null) continue;
      await archive.file(`files/${file.purpose}/${file.id}`, opened.stream);
      counts['files']++;
      await progress.at(0.8 + (0.2 * (index + 1)) / files.length, counts);
    }
    archive.end();
  }

  private async *rowsOf(scope: TenantScope, table: TenantTable, counts: Record<string, number>): AsyncIterable<string> {
    counts[table.name] = 0;
    let page: Awaited<ReturnType<typeof pageOf>> = [];
    do {
      const after = page.at(-1)?.key ?? null;
      page = await this.unitOfWork.run(scope, (tx) => pageOf(tx, table, { after, limit: ROWS_AT_ONCE }));
      for (const { row } of page) yield `${JSON.stringify(maskSecrets(row))}\n`;
      counts[table.name] = (counts[table.name] ?? 0) + page.length;
      // A table with one row a tenant has no key to go on from.
    } while (page.length === ROWS_AT_ONCE && table.key.length > 0);
  }
}

async function* lines(rows: readonly unknown[]): AsyncIterable<string> {
  for (const row of rows) yield `${JSON.stringify(maskSecrets(row))}\n`;
}
