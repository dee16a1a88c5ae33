import { type BlobKey, BlobStore } from '#platform/blobs';
import type { TenantScope } from '#platform/context';
import { type Belonging, pageOf, type TenantTable, UnitOfWork } from '#platform/database';
import { asError } from '#platform/errors';
import { Injectable } from '@nestjs/common';
import type { JobResult } from '../jobs/job.entity.js';
import type { Job } from '../jobs/job.repository.js';
import type { JobProgress } from '../jobs/job-runner.js';
import { maskSecrets } from './mask-secrets.js';
import { ZipStream } from './zip-stream.js';

const ROWS_AT_ONCE = 500;

export interface ArchiveContent {
  readonly scope: TenantScope;
  readonly tables: readonly { readonly table: TenantTable; readonly of?: Belonging }[];
  readonly files: readonly BlobKey[];
  /** Beside the tables. */
  readonly extra?: Readonly<Record<string, readonly unknown[]>>;
}

/**
 * Writes one archive (zip) as the job's file: JSON lines for each table (`tables/<name>.jsonl`), and files
 * (`files/<purpose>/<id>`). Without hashes, sealed secrets and vectors, which follow from the texts; of secrets in settings
 * the last four characters. The file is loose: `Archives` deletes it when it is too old.
 */
@Injectable()
export class ArchiveWriter {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly blobs: BlobStore,
  ) {}

  async write(job: Job, content: ArchiveContent, progress: JobProgress): Promise<JobResult> {
    const key: BlobKey = { tenantId: job.tenantId, purpose: 'export', id: job.id };
    const archive = new ZipStream();
    const counts: Record<string, number> = {};
    const written = this.fill(content, archive, counts, progress);
    written.catch((error: unknown) => archive.fail(asError(error)));
    const [stored] = await Promise.all([this.blobs.put(key, archive.stream), written]);
    return { sha256: stored.sha256.toString('hex'), counts };
  }

  private async fill(
    { extra = {}, files, scope, tables }: ArchiveContent,
    archive: ZipStream,
    counts: Record<string, number>,
    progress: JobProgress,
  ): Promise<void> {
    for (const [name, rows] of Object.entries(extra)) await archive.text(`tables/${name}.jsonl`, lines(rows));
    for (const [index, part] of tables.entries()) {
      await archive.text(`tables/${part.table.name}.jsonl`, this.rowsOf(scope, part, counts));
      await progress.at((0.8 * (index + 1)) / tables.length, counts);
    }
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

  private async *rowsOf(
    scope: TenantScope,
    { of, table }: ArchiveContent['tables'][number],
    counts: Record<string, number>,
  ): AsyncIterable<string> {
    counts[table.name] = 0;
    let page: Awaited<ReturnType<typeof pageOf>> = [];
    do {
      const after = page.at(-1)?.key ?? null;
      page = await this.unitOfWork.run(scope, (tx) => pageOf(tx, table, { after, limit: ROWS_AT_ONCE, of }));
      for (const { row } of page) yield line(row);
      counts[table.name] = (counts[table.name] ?? 0) + page.length;
      // A table with one row a tenant has no key to go on from.
    } while (page.length === ROWS_AT_ONCE && table.key.length > 0);
  }
}

function line(row: unknown): string {
  return `${JSON.stringify(maskSecrets(row))}\n`;
}

async function* lines(rows: readonly unknown[]): AsyncIterable<string> {
  for (const row of rows) yield line(row);
}
