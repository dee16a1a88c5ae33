import { AppConfig } from '#platform/config';
import type { TenantScope } from '#platform/context';
import { isUuid, newId } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { createReadStream, type ReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { NoSpaceError } from '../rag.errors.js';

/** How much of an upload's beginning is kept for finding out what it is. */
const HEAD_BYTES = 64 * 1024;

/** A file that has arrived and belongs to no document yet. */
export interface ReceivedFile {
  readonly path: string;
  readonly size: number;
  /** Its first 64 KiB, or all of it. */
  readonly head: Buffer;
}

/**
 * Documents' files: `DATA_DIR/uploads/<tenant>/<document>`. Names are ids made here; a client's name is never part of a
 * path. A file is written beside its place and renamed, so that what stands there is whole.
 */
@Injectable()
export class UploadStore {
  private readonly root: string;

  constructor(config: AppConfig) {
    this.root = join(config.dataDir, 'uploads');
  }

  /**
   * Writes a stream to disk.
   * @throws NoSpaceError; whatever the stream fails with. What had arrived is removed then.
   */
  async receive(scope: TenantScope, content: Readable | Buffer): Promise<ReceivedFile> {
    const path = join(this.root, 'incoming', `${checked(scope.tenantId)}-${newId()}`);
    const head: Buffer[] = [];
    let size = 0;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await open(path, 'wx', 0o600);
      try {
        for await (const chunk of Buffer.isBuffer(content) ? [content] : (content as AsyncIterable<Buffer>)) {
          if (size < HEAD_BYTES) head.push(chunk.subarray(0, HEAD_BYTES - size));
          size += chunk.length;
          await file.writeFile(chunk);
        }
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      await rm(path, { force: true });
      throw isNoSpace(error) ? new NoSpaceError(error) : error;
    }
    return { path, size, head: Buffer.concat(head) };
  }

  /** Puts a received file in its place. */
  async keep(scope: TenantScope, documentId: string, file: ReceivedFile): Promise<void> {
    const path = this.pathOf(scope, documentId);
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await rename(file.path, path);
    } catch (error) {
      throw isNoSpace(error) ? new NoSpaceError(error) : error;
    }
  }

  async discard(file: ReceivedFile): Promise<void> {
    await rm(file.path, { force: true });
  }

  pathOf(scope: TenantScope, documentId: string): string {
    return join(this.root, checked(scope.tenantId), checked(documentId));
  }

  /** @returns null when there is no file */
  async open(scope: TenantScope, documentId: string): Promise<{ stream: ReadStream; size: number } | null> {
    const path = this.pathOf(scope, documentId);
    const found = await stat(path).catch(() => null);
    return found === null ? null : { stream: createReadStream(path), size: found.size };
  }

  async remove(scope: TenantScope, documentId: string): Promise<void> {
    await rm(this.pathOf(scope, documentId), { force: true });
  }

  /** What a killed process left half received. Call it before the first upload. */
  async clearIncoming(): Promise<void> {
    const folder = join(this.root, 'incoming');
    const old = Date.now() - 24 * 3600 * 1000;
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      const found = await stat(path).catch(() => null);
      if (found !== null && found.mtimeMs < old) await rm(path, { force: true });
    }
  }
}

/** The last guard against a path that leaves the folder. */
function checked(id: string): string {
  if (!isUuid(id)) throw new Error('A path of the upload store needs an id');
  return id.toLowerCase();
}

function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
