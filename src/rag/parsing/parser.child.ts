/**
 * The process that parses one document and ends. What it reads may be hostile, so it has no environment, no network,
 * a small heap, and two guards: its parent, which watches its memory and time from outside, and a thread of its own
 * that ends it when the parent is gone or (where the parent cannot see its memory) when it grows too large.
 *
 *   stdin   one JSON object: { mime, limits, chunking? }
 *   fd 3    one JSON object: { ok: true, document }, { ok: true, chunked } or { ok: false, code, message, detail? }
 *   fd 4    the file, opened by the parent: this process is told no path
 */
import { readFileSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { ChunkSettings } from '../chunking/chunker.js';
import { closeNetwork } from './close-network.js';
import { ParseFailure } from './parse-failure.js';
import { parseDocument, type ParseLimits } from './parse-document.js';

interface ParseRequest {
  readonly mime: string;
  /** Given when passages are wanted instead of blocks. */
  readonly chunking?: ChunkSettings;
  readonly limits: ParseLimits & { readonly timeMs: number; readonly rssBytes: number };
}

const GUARD = `
const { workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const end = (word) => { try { writeSync(2, '\\nguard: ' + word + '\\n'); } finally { process.kill(process.pid, 'SIGKILL'); } };
setInterval(() => {
  if (process.ppid !== workerData.parent) end('orphan');
  if (process.memoryUsage.rss() > workerData.rssBytes) end('memory');
}, 100);
setTimeout(() => end('time'), workerData.timeMs);
`;

async function main(): Promise<void> {
  closeNetwork();
  const request = JSON.parse(readFileSync(0, 'utf8')) as ParseRequest;
  const { timeMs, rssBytes } = request.limits;
  const guard = new Worker(GUARD, {
    eval: true,
    workerData: { parent: process.ppid, rssBytes: rssBytes * 1.1, timeMs: timeMs + 2000 },
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 },
  });
  guard.unref();
  answer(await outcomeOf(request));
  process.exit(0);
}

async function outcomeOf(request: ParseRequest): Promise<unknown> {
  try {
    const document = await parseDocument(readFileSync(4), request.mime, request.limits);
    if (!request.chunking) return { ok: true, document };
    const { chunkDocument } = await import('../chunking/chunker.js');
    const { title, pageCount } = document;
    return { ok: true, chunked: { title, pageCount, chunks: chunkDocument(document, request.chunking) } };
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

function answer(outcome: unknown): void {
  const bytes = Buffer.from(JSON.stringify(outcome));
  for (let sent = 0; sent < bytes.length;) {
    try {
      sent += writeSync(3, bytes, sent);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

void main();
