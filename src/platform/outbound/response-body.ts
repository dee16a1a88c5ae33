import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { OutboundError } from './outbound.errors.js';

/**
 * Reads a body to its end, inflated. Bytes are counted on both sides of the decoder while they arrive, so neither a long
 * answer nor a small one that unfolds to gigabytes is ever held.
 * @throws OutboundError TOO_LARGE past `maxBytes`, NETWORK for an encoding that was not asked for or is broken
 */
export async function readBody(source: Readable, encodings: readonly string[], maxBytes: number): Promise<Buffer> {
  const decoder = decoderFor(encodings);
  const chunks: Buffer[] = [];
  let arrived = 0;
  let size = 0;
  const countArrived = async function* (stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of stream) {
      arrived += chunk.length;
      if (arrived > maxBytes) throw tooLarge(maxBytes);
      yield chunk;
    }
  };
  const collect = async (stream: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of stream) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  };
  try {
    if (decoder === null) await pipeline(source, countArrived, collect);
    else await pipeline(source, countArrived, decoder, collect);
  } catch (error) {
    // An encoding may be declared for a body that is not there (HEAD, 304).
    if (arrived === 0 && isZlibError(error)) return Buffer.alloc(0);
    if (isZlibError(error)) throw unreadable(error);
    throw error;
  }
  return Buffer.concat(chunks, size);
}

/** The encodings that `content-encoding` names. */
export function contentEncodings(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map((item) => item.trim().toLowerCase())
    .filter((item) => item !== '' && item !== 'identity');
}

export function tooLarge(maxBytes: number): OutboundError {
  return new OutboundError({
    code: 'TOO_LARGE',
    message: `The service's answer is larger than ${maxBytes} bytes. Ask it for less, or raise the limit.`,
    sent: true,
  });
}

function decoderFor(encodings: readonly string[]): Transform | null {
  if (encodings.length > 1) throw unreadable(new Error('more than one content encoding'));
  switch (encodings[0]) {
    case undefined:
      return null;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      throw unreadable(new Error('unknown content encoding'));
  }
}

function unreadable(cause: unknown): OutboundError {
  return new OutboundError({ code: 'NETWORK', message: "The service's answer could not be read.", sent: true, cause });
}

function isZlibError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && /^(Z_|ERR__)/.test(String(error.code));
}
