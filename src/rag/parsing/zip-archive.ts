/**
 * Reading zip files that may be hostile. Sizes written in the archive are not believed: every entry is inflated with
 * what is left of one budget as its hard end, so a bomb costs at most the budget.
 */
import { constants, inflateRawSync } from 'node:zlib';

export class ZipError extends Error {
  constructor(readonly reason: 'damaged' | 'encrypted' | 'too_large') {
    super(`zip archive is ${reason}`);
    this.name = 'ZipError';
  }
}

export interface ZipLimits {
  /** Bytes that all wanted entries together may unpack to. */
  readonly inflatedBytes: number;
  /** Which entries are unpacked; the others are never touched. */
  readonly wanted: (name: string) => boolean;
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;
const MAX_ENTRIES = 10_000;

/** @throws ZipError for an archive that is damaged, encrypted or unpacks to more than the budget */
export function unzip(archive: Buffer, limits: ZipLimits): Map<string, Buffer> {
  const entries = new Map<string, Buffer>();
  let left = limits.inflatedBytes;
  for (const entry of directoryOf(archive)) {
    if (entry.name.endsWith('/') || !limits.wanted(entry.name)) continue;
    if (entry.encrypted) throw new ZipError('encrypted');
    const content = inflate(entry.method, compressedBytes(archive, entry), left);
    left -= content.length;
    entries.set(entry.name, content);
  }
  return entries;
}

interface DirectoryEntry {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  readonly compressedSize: number;
  readonly offset: number;
}

function directoryOf(archive: Buffer): DirectoryEntry[] {
  const end = endOfDirectory(archive);
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  if (count > MAX_ENTRIES) throw new ZipError('too_large');
  const entries: DirectoryEntry[] = [];
  for (let i = 0; i < count; i++) {
    if (at + 46 > archive.length || archive.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new ZipError('damaged');
    const nameLength = archive.readUInt16LE(at + 28);
    entries.push({
      name: archive.toString('utf8', at + 46, at + 46 + nameLength).replaceAll('\\', '/'),
      method: archive.readUInt16LE(at + 10),
      encrypted: (archive.readUInt16LE(at + 8) & 1) === 1,
      compressedSize: archive.readUInt32LE(at + 20),
      offset: archive.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return entries;
}

function endOfDirectory(archive: Buffer): number {
  for (let at = archive.length - 22; at >= Math.max(0, archive.length - 22 - 0xffff); at--) {
    if (archive.readUInt32LE(at) === END_OF_DIRECTORY) return at;
  }
  throw new ZipError('damaged');
}

function compressedBytes(archive: Buffer, entry: DirectoryEntry): Buffer {
  const { offset } = entry;
  if (offset + 30 > archive.length || archive.readUInt32LE(offset) !== LOCAL_ENTRY) throw new ZipError('damaged');
  const start = offset + 30 + archive.readUInt16LE(offset + 26) + archive.readUInt16LE(offset + 28);
  // A deflated stream knows its own end, so a directory that understates the size does no harm: what follows is offered too.
  const stop = entry.method === DEFLATED ? archive.length : start + entry.compressedSize;
  if (start > archive.length || stop > archive.length) throw new ZipError('damaged');
  return archive.subarray(start, stop);
}

function inflate(method: number, bytes: Buffer, budget: number): Buffer {
  if (budget <= 0) throw new ZipError('too_large');
  if (method === STORED) {
    if (bytes.length > budget) throw new ZipError('too_large');
    return bytes;
  }
  if (method !== DEFLATED) throw new ZipError('damaged');
  try {
    return inflateRawSync(bytes, { maxOutputLength: budget, finishFlush: constants.Z_FINISH });
  } catch (error) {
    if (error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
      throw new ZipError('too_large');
    throw new ZipError('damaged');
  }
}
