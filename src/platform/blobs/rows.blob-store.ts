import type { TenantScope } from '#platform/context';
import type { UnitOfWork } from '#platform/database';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BlobDigest } from './blob-digest.js';
import {
  BlobMissingError,
  BlobStore,
  isNoSpace,
  NoSpaceError,
  type BlobKey,
  type BlobPurpose,
  type StoredBlob,
} from './blob-store.port.js';

/** Bytes of a row: large enough that rows are few, small enough that one is nothing to hold in memory. */
const PIECE_BYTES = 256 * 1024;
const DELETED_AT_ONCE = 256;
const LEFT_MS = 24 * 3600 * 1000;

const KEY = 'tenant_id = $1 AND purpose = $2 AND id = $3';
const PIECES = 'tenant_id = $1 AND purpose = $2 AND blob_id = $3';

/**
 * Blobs in rows under row level security, for databases that several instances share. Each piece is a transaction of its
 * own, so that a slow client holds no connection; without a size a blob is not whole, and is not seen.
 */
export class RowsBlobStore extends BlobStore {
  /** @param folder for files that live while somebody needs a path */
  constructor(
    private readonly work: UnitOfWork,
    private readonly folder: string,
  ) {
    super();
  }

  override async put(key: BlobKey, content: Readable | Buffer): Promise<StoredBlob> {
    const digest = new BlobDigest();
    try {
      await this.delete(key);
      await this.work.query(key, 'INSERT INTO app.blob (tenant_id, purpose, id) VALUES ($1, $2, $3)', values(key));
      let ordinal = 0;
      for await (const piece of pieces(content)) {
        digest.add(piece);
        await this.work.query(
          key,
          'INSERT INTO app.blob_chunk (tenant_id, purpose, blob_id, ordinal, bytes) VALUES ($1, $2, $3, $4, $5)',
          [...values(key), ordinal++, piece],
        );
      }
      const stored = digest.stored();
      const whole = await this.work.query(key, `UPDATE app.blob SET size = $4, sha256 = $5 WHERE ${KEY} RETURNING 1`, [
        ...values(key),
        stored.size,
        stored.sha256,
      ]);
      if (whole.length === 0) throw new BlobMissingError();
      return stored;
    } catch (error) {
      // What cannot be removed now is loose, and found later.
      await this.delete(key).catch(() => undefined);
      throw isNoSpace(error) ? new NoSpaceError(error) : error;
    }
  }

  override async keep(key: BlobKey): Promise<void> {
    await this.work.query(key, `UPDATE app.blob SET loose_since = NULL WHERE ${KEY}`, values(key));
  }

  override async loosen(key: BlobKey): Promise<void> {
    await this.work.query(key, `UPDATE app.blob SET loose_since = now() WHERE ${KEY}`, values(key));
  }

  override async open(key: BlobKey): Promise<{ stream: Readable; size: number } | null> {
    const sql = `SELECT size FROM app.blob WHERE ${KEY} AND size IS NOT NULL`;
    const [row] = await this.work.query<{ size: number }>(key, sql, values(key));
    if (row === undefined) return null;
    return { stream: Readable.from(this.read(key, row.size), { objectMode: false }), size: row.size };
  }

  override async withFile<T>(key: BlobKey, work: (path: string) => Promise<T>): Promise<T> {
    const blob = await this.open(key);
    if (blob === null) throw new BlobMissingError();
    const folder = await this.temporaryFolder();
    try {
      const path = join(folder, 'blob');
      await pipeline(blob.stream, createWriteStream(path, { mode: 0o600 })).catch((error: unknown) => {
        throw isNoSpace(error) ? new NoSpaceError(error) : error;
      });
      return await work(path);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  override async delete(key: BlobKey): Promise<void> {
    const sql = `DELETE FROM app.blob_chunk WHERE ${PIECES} AND ordinal IN (
        SELECT ordinal FROM app.blob_chunk WHERE ${PIECES} ORDER BY ordinal LIMIT ${DELETED_AT_ONCE}) RETURNING 1`;
    // Not whole any more, before its first piece goes.
    await this.work.query(key, `UPDATE app.blob SET size = NULL, loose_since = now() WHERE ${KEY}`, values(key));
    while ((await this.work.query(key, sql, values(key))).length === DELETED_AT_ONCE);
    await this.work.query(key, `DELETE FROM app.blob WHERE ${KEY}`, values(key));
  }

  override ofTenant(scope: TenantScope): Promise<BlobKey[]> {
    return this.work.query<BlobKey>(
      scope,
      'SELECT tenant_id AS "tenantId", purpose, id FROM app.blob WHERE tenant_id = $1 ORDER BY purpose, id',
      [scope.tenantId],
    );
  }

  override async loose(purpose: BlobPurpose, olderThanSeconds: number, most: number): Promise<BlobKey[]> {
    const rows = await this.work.lookup<{ tenant_id: string; blob_id: string }>(
      'SELECT tenant_id, blob_id FROM app.loose_blobs($1, $2, $3)',
      [purpose, olderThanSeconds, most],
    );
    await this.clearTemporary();
    return rows.map((row) => ({ tenantId: row.tenant_id, id: row.blob_id, purpose }));
  }

  /** No connection is held while the reader takes its time. */
  private async *read(key: BlobKey, size: number): AsyncGenerator<Buffer> {
    let sent = 0;
    for (let ordinal = 0; sent < size; ordinal++) {
      const [row] = await this.work.query<{ bytes: Buffer }>(
        key,
        `SELECT bytes FROM app.blob_chunk WHERE ${PIECES} AND ordinal = $4`,
        [...values(key), ordinal],
      );
      if (row === undefined) throw new BlobMissingError();
      sent += row.bytes.length;
      yield row.bytes;
    }
  }

  /** What killed processes left of files that somebody needed a path of. */
  private async clearTemporary(): Promise<void> {
    for (const name of await readdir(this.folder).catch(() => [])) {
      const found = await stat(join(this.folder, name)).catch(() => null);
      if (found === null || found.mtimeMs > Date.now() - LEFT_MS) continue;
      await rm(join(this.folder, name), { recursive: true, force: true });
    }
  }

  private async temporaryFolder(): Promise<string> {
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      return await mkdtemp(join(this.folder, 'blob-'));
    } catch (error) {
      throw isNoSpace(error) ? new NoSpaceError(error) : error;
    }
  }
}

function values({ id, purpose, tenantId }: BlobKey): [string, string, string] {
  return [tenantId, purpose, id];
}

/** Streams come in pieces of any size; rows hold full ones. */
async function* pieces(content: Readable | Buffer): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const part of Buffer.isBuffer(content) ? [content] : (content as AsyncIterable<Buffer>)) {
    held.push(part);
    bytes += part.length;
    if (bytes < PIECE_BYTES) continue;
    const joined = Buffer.concat(held);
    let at = 0;
    for (; joined.length - at >= PIECE_BYTES; at += PIECE_BYTES) yield joined.subarray(at, at + PIECE_BYTES);
    held = at < joined.length ? [Buffer.from(joined.subarray(at))] : [];
    bytes = joined.length - at;
  }
  if (bytes > 0) yield Buffer.concat(held);
}
