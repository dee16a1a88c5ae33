/**
 * The process that parses documents. What it reads may be hostile, so it has no environment, no network, a small heap, and
 * two guards: its parent, which watches its memory and time from outside, and a thread of its own that ends it when the
 * parent is gone or (where the parent cannot see its memory) when it grows too large.
 *
 * For one document, after which it ends:
 *   stdin   one JSON object: { mime, limits, chunking? }
 *   fd 3    one JSON object: { ok: true, document }, { ok: true, chunked } or { ok: false, code, message, detail? }
 *   fd 4    the file, opened by the parent: this process is told no path
 *
 * With the argument `many`, for small files of one owner, one after the other until stdin ends; every piece has its length
 * (four bytes, big endian) before it:
 *   stdin   the JSON object, the file's bytes, and so on
 *   fd 3    the JSON object of each answer
 */
import { readFileSync, readSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { closeNetwork } from './close-network.js';
import { outcomeOf, type ParseOrder } from './parse-outcome.js';

/** Told how long the document at hand may take; 0: there is none. */
const GUARD = `
const { parentPort, workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const end = (word) => { try { writeSync(2, '\\nguard: ' + word + '\\n'); } finally { process.kill(process.pid, 'SIGKILL'); } };
let rssBytes = Infinity, clock;
setInterval(() => {
  if (process.ppid !== workerData.parent) end('orphan');
  if (process.memoryUsage.rss() > rssBytes) end('memory');
}, 100);
parentPort.on('message', (limits) => {
  clearTimeout(clock);
  rssBytes = limits.rssBytes * 1.1;
  if (limits.timeMs > 0) clock = setTimeout(() => end('time'), limits.timeMs + 2000);
});
`;

async function main(): Promise<void> {
  closeNetwork();
  const guard = new Worker(GUARD, {
    eval: true,
    workerData: { parent: process.ppid },
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 },
  });
  guard.unref();
  if (process.argv[2] === 'many') await serveMany(guard);
  else {
    const order = JSON.parse(readFileSync(0, 'utf8')) as ParseOrder;
    guard.postMessage(order.limits);
    write(Buffer.from(JSON.stringify(await outcomeOf(order, readFileSync(4)))));
  }
  process.exit(0);
}

async function serveMany(guard: Worker): Promise<void> {
  for (;;) {
    const text = readPiece();
    if (text === null) return;
    const order = JSON.parse(text.toString('utf8')) as ParseOrder;
    guard.postMessage(order.limits);
    const file = readPiece();
    if (file === null) return;
    const answer = Buffer.from(JSON.stringify(await outcomeOf(order, file)));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(answer.length);
    write(length);
    write(answer);
    guard.postMessage({ ...order.limits, timeMs: 0 });
  }
}

/** Waits for it; null when the parent has closed the pipe. */
function readPiece(): Buffer | null {
  const length = readExactly(4);
  return length === null ? null : readExactly(length.readUInt32BE());
}

function readExactly(bytes: number): Buffer | null {
  const piece = Buffer.alloc(bytes);
  for (let got = 0; got < bytes;) {
    const read = again(() => readSync(0, piece, got, bytes - got, null));
    if (read === 0) return null;
    got += read;
  }
  return piece;
}

function write(bytes: Buffer): void {
  for (let sent = 0; sent < bytes.length;) sent += again(() => writeSync(3, bytes, sent));
}

/** A pipe that is full, or empty, is tried again. */
function again(call: () => number): number {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

void main();
