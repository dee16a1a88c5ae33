import { createHash } from 'node:crypto';

/**
 * The id of a chunk, from its document, place and text: a retry makes the same chunks and finds what the last attempt left.
 * A name-based UUID (RFC 9562, version 8).
 */
export function chunkId(documentId: string, index: number, text: string): string {
  const bytes = createHash('sha256').update(`${documentId}\n${index}\n${text}`).digest().subarray(0, 16);
  bytes[6] = 0x80 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
