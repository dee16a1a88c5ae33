import type { Job } from '#admin';
import { ConflictError, DomainError } from '#platform/errors';
import { open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pipeline } from 'node:stream/promises';
import type { TenantServices } from './tenant-services.js';

const LOOK_MS = 200;

/**
 * Runs a job here, or waits for the server that took it up; tells on standard error how far it is.
 * @throws DomainError with the words of the job that failed; ConflictError for one that was cancelled
 */
export async function follow({ ctx, jobs, runner }: TenantServices, asked: Job): Promise<Job> {
  void runner.run(ctx, asked.id).catch(() => undefined);
  for (let told = ''; ; await sleep(LOOK_MS)) {
    const job = await jobs.get(ctx, asked.id);
    const at = `${job.kind}: ${job.status}, ${Math.floor(job.progress * 100)} %`;
    if (at !== told) process.stderr.write(`${at}\n`);
    told = at;
    if (job.status === 'succeeded') return job;
    if (job.status === 'cancelled') throw new ConflictError('Somebody cancelled the job: ask for it again');
    if (job.status === 'failed') throw new JobFailedError(job.error?.message ?? 'The job failed');
  }
}

class JobFailedError extends DomainError {
  constructor(message: string) {
    super({ code: 'INTERNAL', kind: 'internal', message, retryable: true });
  }
}

/**
 * Makes the file first, so that a path that cannot be written is known before an archive is made.
 * @throws ConflictError when there is such a file already, or no such folder
 */
export async function saveArchive(path: string) {
  const file = resolve(path);
  // Everything of a tenant is in it: nobody else on this machine reads it.
  const handle = await open(file, 'wx', 0o600).catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') throw new ConflictError(`${file} is there already: name another file`);
    throw new ConflictError(`${file} cannot be written (${code ?? String(error)}): name another file`);
  });
  return async (services: TenantServices, ask: () => Promise<Job>) => {
    try {
      const { id, result } = await follow(services, await ask());
      const { size, stream } = await services.jobs.file(services.ctx, id);
      await pipeline(stream, handle.createWriteStream());
      return { file, bytes: size, sha256: result?.sha256 ?? null, job: id, counts: result?.counts ?? {} };
    } catch (error) {
      await handle.close().catch(() => undefined);
      await rm(file, { force: true });
      throw error;
    }
  };
}
