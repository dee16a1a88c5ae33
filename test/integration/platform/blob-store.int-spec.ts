import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileBlobStore, RowsBlobStore } from '#platform/blobs';
import { newId } from '#platform/database';
import { UnavailableError } from '#platform/errors';
import { blobStoreConformance } from '../../support/blob-store.conformance.js';
import { TestDatabase } from '../../support/test-database.js';

async function bytesBelow(folder: string): Promise<number> {
  let sum = 0;
  for (const name of await readdir(folder, { recursive: true })) {
    const found = await stat(join(folder, name));
    if (found.isFile()) sum += found.size;
  }
  return sum;
}

blobStoreConformance('a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'blobs-'));
  return {
    store: new FileBlobStore(folder),
    tenant: () => Promise.resolve(newId()),
    bytes: () => bytesBelow(folder),
    close: () => rm(folder, { recursive: true, force: true }),
  };
});

blobStoreConformance('the database', async () => {
  const database = await TestDatabase.start();
  const folder = await mkdtemp(join(tmpdir(), 'blobs-'));
  const tenants: string[] = [];
  return {
    store: new RowsBlobStore(database.uow, folder),
    tenant: async () => {
      const { tenantId } = await database.tenant();
      tenants.push(tenantId);
      return tenantId;
    },
    bytes: async () => {
      let sum = await bytesBelow(folder);
      for (const tenantId of tenants) {
        const sql = 'SELECT coalesce(sum(length(bytes)), 0) AS bytes FROM app.blob_chunk WHERE tenant_id = $1';
        const [row] = await database.uow.query<{ bytes: string }>({ tenantId }, sql, [tenantId]);
        sum += Number(row?.bytes);
      }
      return sum;
    },
    close: async () => {
      await database.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
});

describe('a full disk', () => {
  it('is said, and nothing is left behind', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'blobs-'));
    try {
      const store = new FileBlobStore(folder);
      const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      const key = { tenantId: newId(), id: newId(), purpose: 'document' as const };
      const content = (async function* () {
        yield Buffer.alloc(1000);
        throw full;
      })();
      await expect(store.put(key, content as never)).rejects.toMatchObject({ kind: 'no_space', retryable: true });
      expect(await bytesBelow(folder)).toBe(0);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('of the database is said too, and what had arrived is removed', async () => {
    const database = await TestDatabase.start();
    const folder = await mkdtemp(join(tmpdir(), 'blobs-'));
    try {
      const work = database.uow;
      const real = work.query.bind(work);
      let pieces = 0;
      work.query = ((scope, text, values) => {
        const full = text.startsWith('INSERT INTO app.blob_chunk') && ++pieces > 2;
        const cause = Object.assign(new Error('could not extend file'), { code: '53100' });
        const error = new UnavailableError('as the unit of work says it', { cause });
        return full ? Promise.reject(error) : real(scope, text, values);
      }) as typeof work.query;
      const scope = await database.tenant();
      const key = { tenantId: scope.tenantId, id: newId(), purpose: 'document' as const };
      const put = new RowsBlobStore(work, folder).put(key, Buffer.alloc(2_000_000));
      await expect(put).rejects.toMatchObject({ kind: 'no_space', code: 'UNAVAILABLE' });
      const left =
        'SELECT 1 FROM app.blob WHERE tenant_id = $1 UNION ALL SELECT 1 FROM app.blob_chunk WHERE tenant_id = $1';
      expect(await real(scope, left, [scope.tenantId])).toEqual([]);
    } finally {
      await database.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
