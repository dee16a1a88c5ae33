import type { ChunkSettings } from '../chunking/chunker.js';
import { parseDocument, type ParseLimits } from './parse-document.js';
import { ParseFailure } from './parse-failure.js';

/** What a child is asked for. */
export interface ParseOrder {
  readonly mime: string;
  /** Given when passages are wanted instead of blocks. */
  readonly chunking?: ChunkSettings;
  readonly limits: ParseLimits & { readonly timeMs: number; readonly rssBytes: number };
}

/** Parses in this process, and never throws: what is wrong with the file is an answer. For the parser's children only. */
export async function outcomeOf(order: ParseOrder, file: Buffer): Promise<unknown> {
  try {
    const document = await parseDocument(file, order.mime, order.limits);
    if (!order.chunking) return { ok: true, document };
    const { chunkDocument } = await import('../chunking/chunker.js');
    const { title, pageCount } = document;
    return { ok: true, chunked: { title, pageCount, chunks: chunkDocument(document, order.chunking) } };
  } catch (error) {
    if (error instanceof ParseFailure)
      return { ok: false, code: error.code, message: error.message, detail: describe(error.cause) };
    const message =
      'The file is damaged or built in an unusual way and cannot be read. Save it again with another program and upload the new copy.';
    return { ok: false, code: 'CORRUPT', message, detail: describe(error) };
  }
}

/** For the log. */
function describe(error: unknown): string | undefined {
  return error === undefined ? undefined : String(error).slice(0, 500);
}
