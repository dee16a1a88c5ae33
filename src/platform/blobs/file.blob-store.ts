import { isUuid } from '#platform/database';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { TenantScope } from '#platform/context';
import { BlobDigest } from './blob-digest.js';
import {
  BLOB_PURPOSES,
  BlobMissingError,
  BlobStore,
  errorCodeOf,
  isNoSpace,
  NoSpaceError,
  type BlobKey,
  type BlobPurpose,
  type StoredBlob,
} from './blob-store.port.js';

const FOLDERS: Readonly<Record<BlobPurpose, string>> = { document: 'uploads', export: 'exports' };
const LOOSE = 'incoming';
/** Being written; renamed when it is whole. */
const UNFINISHED = '.part';

/**
 * Files of one instance: `DATA_DIR/uploads/<tenant>/<id>` for what is kept, `uploads/incoming/<tenant>-<id>` for what is
 * loose; a rename leads from one to the other. Names are ids made here; a client's name is never part of a path.
 */
export class FileBlobStore extends BlobStore {
  /** @param folder DATA_DIR */
  constructor(private readonly folder: string) {
    super();
  }

  override async put(key: BlobKey, content: Readable | Buffer): Promise<StoredBlob> {
    const { loose } = this.paths(key);
    const unfinished = loose + UNFINISHED;
    const digest = new BlobDigest();
    try {
      await mkdir(dirname(loose), { recursive: true, mode: 0o700 });
      const file = await open(unfinished, 'w', 0o600);
      try {
        for await (const piece of Buffer.isBuffer(content) ? [content] : (content as AsyncIterable<Buffer>)) {
          digest.add(piece);
          await file.writeFile(piece);
        }
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, loose);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw isNoSpace(error) ? new NoSpaceError(error) : error;
    }
    return digest.stored();
  }

  override async keep(key: BlobKey): Promise<void> {
    const { kept, loose } = this.paths(key);
    try {
      await mkdir(dirname(kept), { recursive: true, mode: 0o700 });
      await moved(loose, kept);
    } catch (error) {
      throw isNoSpace(error) ? new NoSpaceError(error) : error;
    }
  }

  override async loosen(key: BlobKey): Promise<void> {
    const { kept, loose } = this.paths(key);
    await mkdir(dirname(loose), { recursive: true, mode: 0o700 });
    const now = new Date();
    if (await moved(kept, loose)) await utimes(loose, now, now);
  }

  override async open(key: BlobKey): Promise<{ stream: Readable; size: number } | null> {
    const found = await this.find(key);
    return found === null ? null : { stream: createReadStream(found.path), size: found.size };
  }

  override async withFile<T>(key: BlobKey, work: (path: string) => Promise<T>): Promise<T> {
    for (let moves = 0; ; moves++) {
      const found = await this.find(key);
      if (found === null) throw new BlobMissingError();
      try {
        return await work(found.path);
      } catch (error) {
        // Kept or loosened just now: it lies elsewhere.
        if (errorCodeOf(error) !== 'ENOENT' || moves > 0 || (await this.find(key))?.path === found.path) throw error;
      }
    }
  }

  override async delete(key: BlobKey): Promise<void> {
    const { kept, loose } = this.paths(key);
    await rm(kept, { force: true });
    await rm(loose, { force: true });
  }

  override async loose(purpose: BlobPurpose, olderThanSeconds: number, most: number): Promise<BlobKey[]> {
    const folder = join(this.folder, FOLDERS[purpose], LOOSE);
    const before = Date.now() - olderThanSeconds * 1000;
    const keys: BlobKey[] = [];
    for (const name of await readdir(folder).catch(() => [])) {
      if (keys.length >= most) break;
      const found = await stat(join(folder, name)).catch(() => null);
      if (found === null || found.mtimeMs > before) continue;
      const [tenantId, id] = [name.slice(0, 36), name.slice(37)];
      // What is not whole was left by a killed process: nobody can have named it.
      if (isUuid(tenantId) && isUuid(id)) keys.push({ tenantId, id, purpose });
      else if (name.endsWith(UNFINISHED)) await rm(join(folder, name), { force: true });
    }
    return keys;
  }

  override async ofTenant({ tenantId }: TenantScope): Promise<BlobKey[]> {
    const tenant = checked(tenantId);
    const keys: BlobKey[] = [];
    for (const purpose of BLOB_PURPOSES) {
      const root = join(this.folder, FOLDERS[purpose]);
      const kept = await readdir(join(root, tenant)).catch(() => []);
      const loose = await readdir(join(root, LOOSE)).catch(() => []);
      const ids = loose.filter((name) => name.startsWith(`${tenant}-`)).map((name) => name.slice(37, 73));
      for (const id of new Set([...kept, ...ids])) if (isUuid(id)) keys.push({ tenantId, id, purpose });
    }
    return keys;
  }

  private async find(key: BlobKey): Promise<{ path: string; size: number } | null> {
    const { kept, loose } = this.paths(key);
    // Twice: it may be moved between two looks.
    for (const path of [kept, loose, kept]) {
      const found = await stat(path).catch(() => null);
      if (found !== null) return { path, size: found.size };
    }
    return null;
  }

  private paths({ id, purpose, tenantId }: BlobKey): { kept: string; loose: string } {
    const [tenant, blob, root] = [checked(tenantId), checked(id), join(this.folder, FOLDERS[purpose])];
    return { kept: join(root, tenant, blob), loose: join(root, LOOSE, `${tenant}-${blob}`) };
  }
}

async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** The last guard against a path that leaves the folder. */
function checked(id: string): string {
  if (!isUuid(id)) throw new Error('A path of the blob store needs an id');
  return id.toLowerCase();
}
