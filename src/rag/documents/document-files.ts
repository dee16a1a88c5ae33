import { type BlobKey, BlobStore, type StoredBlob } from '#platform/blobs';
import type { TenantScope } from '#platform/context';
import { newId } from '#platform/database';
import { Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';

/** A file that has arrived, loose until its document is committed. The document takes its id. */
export interface ReceivedFile extends StoredBlob {
  readonly tenantId: string;
  readonly id: string;
}

/** Documents' files in the store of blobs: one each, under the document's own id. */
@Injectable()
export class DocumentFiles {
  constructor(private readonly blobs: BlobStore) {}

  /** @throws NoSpaceError; whatever the stream fails with. What had arrived is removed then. */
  async receive(scope: TenantScope, content: Readable | Buffer): Promise<ReceivedFile> {
    const { tenantId } = scope;
    const id = newId();
    return { tenantId, id, ...(await this.blobs.put(key(scope, id), content)) };
  }

  async discard(file: ReceivedFile): Promise<void> {
    await this.blobs.delete(key(file, file.id));
  }

  /** Call it once the document is committed. */
  async keep(scope: TenantScope, documentId: string): Promise<void> {
    await this.blobs.keep(key(scope, documentId));
  }

  /** Call it before the document goes: a crash then leaves a file that is found. */
  async loosen(scope: TenantScope, documentId: string): Promise<void> {
    await this.blobs.loosen(key(scope, documentId));
  }

  /** @returns null when there is no file */
  async open(scope: TenantScope, documentId: string): Promise<{ stream: Readable; size: number } | null> {
    return this.blobs.open(key(scope, documentId));
  }

  /** @throws BlobMissingError, NoSpaceError */
  async withFile<T>(scope: TenantScope, documentId: string, work: (path: string) => Promise<T>): Promise<T> {
    return this.blobs.withFile(key(scope, documentId), work);
  }

  async remove(scope: TenantScope, documentId: string): Promise<void> {
    await this.blobs.delete(key(scope, documentId));
  }

  /** Files of all tenants that have belonged to nothing for so long, as far as the store knows. */
  async loose(olderThanSeconds: number, most: number): Promise<{ tenantId: string; documentId: string }[]> {
    const keys = await this.blobs.loose('document', olderThanSeconds, most);
    return keys.map(({ id, tenantId }) => ({ tenantId, documentId: id }));
  }
}

function key({ tenantId }: TenantScope, id: string): BlobKey {
  return { tenantId, id, purpose: 'document' };
}
