import { DomainError } from '#platform/errors';
import type { Chunk, ChunkSettings } from '../chunking/chunker.js';
import type { ParseFailureCode } from './parse-failure.js';
import type { ParsedDocument } from './parsed-document.js';

export interface DocumentFile {
  /** Where the stored upload is; only read. */
  readonly path: string;
  /** What `detectDocumentType` found, not what the client declared. */
  readonly mime: string;
  /** For messages and logs; never used as a path. */
  readonly fileName: string;
  /** Whose it is: small files of one owner may share a process, those of two never do. Absent: it gets one of its own. */
  readonly owner?: string;
}

/** A document cut into passages. */
export interface ChunkedDocument {
  /** Null when the document names none. */
  readonly title: string | null;
  readonly pageCount?: number;
  readonly chunks: readonly Chunk[];
}

/** Turns a stored file into text. */
export abstract class DocumentParser {
  /**
   * @throws DocumentParseError saying what is wrong with the file and what to do about it
   * @throws the signal's reason when it is aborted
   */
  abstract parse(file: DocumentFile, signal?: AbortSignal): Promise<ParsedDocument>;

  /**
   * `parse` and `chunkDocument` in one, away from the event loop that serves people: cutting a long or hostile text
   * takes seconds. Throws what `parse` throws.
   */
  abstract parseIntoChunks(file: DocumentFile, settings: ChunkSettings, signal?: AbortSignal): Promise<ChunkedDocument>;
}

/** 422: this file gives no text. `reason` is for programs, the message for the person who uploaded it. */
export class DocumentParseError extends DomainError {
  readonly reason: ParseFailureCode;

  constructor(reason: ParseFailureCode, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super({ code: 'INVALID_INPUT', kind: 'invalid', message, details: { reason }, ...options });
    this.reason = reason;
  }
}
