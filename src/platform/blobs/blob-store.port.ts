import type { TenantScope } from '#platform/context';
import { isDiskFull } from '#platform/database';
import { DomainError } from '#platform/errors';
import type { Readable } from 'node:stream';

/** What a blob is for: a family of ids, with one owner that knows which of them are in use. */
export const BLOB_PURPOSES = ['document', 'export'] as const;
export type BlobPurpose = (typeof BLOB_PURPOSES)[number];

export interface BlobKey extends TenantScope {
  readonly purpose: BlobPurpose;
  /** Made by us, never by a client. */
  readonly id: string;
}

export interface StoredBlob {
  readonly size: number;
  readonly sha256: Buffer;
  /** Its first 64 KiB, or all of it: enough to find out what it is. */
  readonly head: Buffer;
}

export const HEAD_BYTES = 64 * 1024;

/**
 * Bytes that tenants give us. Every driver passes `test/support/blob-store.conformance.ts`.
 *
 *   put ─▶ loose ─ keep ─▶ kept
 *            ▲───── loosen ──┘      delete, from either
 *
 * A blob is loose until its owner's row is committed, and again before that row goes: whatever a crash leaves without an
 * owner is loose, and `loose` finds it. It can be read in both states, whole or not at all.
 */
export abstract class BlobStore {
  /**
   * Writes a stream; what it holds is on disk when this resolves. Loose.
   * @throws NoSpaceError; whatever the stream fails with. What had arrived is removed then.
   */
  abstract put(key: BlobKey, content: Readable | Buffer): Promise<StoredBlob>;

  /** Does nothing where there is none. */
  abstract keep(key: BlobKey): Promise<void>;

  /** The way back. Does nothing where there is none. */
  abstract loosen(key: BlobKey): Promise<void>;

  /** @returns null when there is none */
  abstract open(key: BlobKey): Promise<{ stream: Readable; size: number } | null>;

  /**
   * Runs `work` with a path of a file that holds the blob, only to be read and gone afterwards.
   * @throws BlobMissingError, NoSpaceError
   */
  abstract withFile<T>(key: BlobKey, work: (path: string) => Promise<T>): Promise<T>;

  /** Does nothing where there is none. */
  abstract delete(key: BlobKey): Promise<void>;

  /** All blobs of a tenant, of any purpose, kept or loose. */
  abstract ofTenant(scope: TenantScope): Promise<BlobKey[]>;

  /** Of all tenants what has been loose for so long: its owner keeps or deletes it. */
  abstract loose(purpose: BlobPurpose, olderThanSeconds: number, most: number): Promise<BlobKey[]>;
}

export class BlobMissingError extends Error {
  constructor(options?: ErrorOptions) {
    super('There is no such blob', options);
    this.name = 'BlobMissingError';
  }
}

/** 507: the server's disk is full, or the database's. */
export class NoSpaceError extends DomainError {
  constructor(cause: unknown) {
    super({
      code: 'UNAVAILABLE',
      kind: 'no_space',
      message: 'The server has no room left for files: ask its operator to make some, then upload again',
      retryable: true,
      cause,
    });
  }
}

/** The system's words for a full disk or quota, and Postgres' own. */
export function isNoSpace(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errorCodeOf(error)) || isDiskFull(error);
}

export function errorCodeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
