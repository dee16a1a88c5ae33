/**
 * Bytes that tenants give us, by (tenant, purpose, id): a port and its drivers, files and rows. Owns `blob` and
 * `blob_chunk`. Modules hand in streams and get streams or a path; which of their blobs are in use only they know.
 */
export {
  BlobMissingError,
  BlobStore,
  NoSpaceError,
  type BlobKey,
  type BlobPurpose,
  type StoredBlob,
} from './blob-store.port.js';
export { BlobsModule } from './blobs.module.js';
export { FileBlobStore } from './file.blob-store.js';
export { RowsBlobStore } from './rows.blob-store.js';
