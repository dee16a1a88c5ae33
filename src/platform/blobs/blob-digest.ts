import { createHash } from 'node:crypto';
import { HEAD_BYTES, type StoredBlob } from './blob-store.port.js';

/** What a store learns of a blob while it passes through. */
export class BlobDigest {
  private readonly hash = createHash('sha256');
  private readonly head: Buffer[] = [];
  private size = 0;

  add(piece: Buffer): void {
    if (this.size < HEAD_BYTES) this.head.push(Buffer.from(piece.subarray(0, HEAD_BYTES - this.size)));
    this.size += piece.length;
    this.hash.update(piece);
  }

  stored(): StoredBlob {
    return { size: this.size, sha256: this.hash.digest(), head: Buffer.concat(this.head) };
  }
}
