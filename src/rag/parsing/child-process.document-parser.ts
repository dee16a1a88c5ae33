/**
 * The document parser that ships. A large file gets a process of its own; small ones of one owner share one that reads them
 * one after the other, since starting a process takes longer than reading them. Either is killed when a document takes too
 * long, grows too large, says too much or is no longer wanted: a hostile file can end that process and nothing else.
 */
import { assertNoConnectionHeld } from '#platform/database';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { asError } from '#platform/errors';
import type { ChunkSettings } from '../chunking/chunker.js';
import { type ChunkedDocument, type DocumentFile, DocumentParseError, DocumentParser } from './document-parser.port.js';
import type { ParseLimits } from './parse-document.js';
import type { ParseOrder } from './parse-outcome.js';
import { conclude, failureSchema, type ParseResult, type Verdict } from './parse-verdict.js';
import type { ParsedDocument } from './parsed-document.js';
import { residentBytes } from './resident-bytes.js';
import { ReusedChild } from './reused-child.js';

export interface ChildLimits extends ParseLimits {
  readonly timeMs: number;
  /** V8's old generation, in MiB. */
  readonly heapMb: number;
  /** Resident memory of the whole child, with buffers outside the heap. */
  readonly rssBytes: number;
  /** Bytes of the file itself. */
  readonly fileBytes: number;
  /** Children at once; further documents wait. */
  readonly concurrency: number;
  /** Files up to this size, of a known owner, share a child. */
  readonly sharedBytes: number;
}

const MIB = 2 ** 20;
export const DEFAULT_CHILD_LIMITS: ChildLimits = {
  timeMs: 60_000,
  heapMb: 256,
  rssBytes: 448 * MIB,
  concurrency: 2,
  inflatedBytes: 32 * MIB,
  outputChars: 20_000_000,
  pages: 3000,
  fileBytes: 64 * MIB,
  sharedBytes: 512 * 1024,
};
/** Children that wait for more files of their owner; together with those at work a bound on memory. */
const MOST_IDLE = 2;
const IDLE_MS = 10_000;

const blockSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('heading'), level: z.int().min(1).max(6), text: z.string(), page: z.int().optional() }),
  z.object({ kind: z.enum(['paragraph', 'list', 'table', 'code', 'row']), text: z.string(), page: z.int().optional() }),
]);
const documentSchema = z.object({
  title: z.string().nullable(),
  blocks: z.array(blockSchema),
  pageCount: z.int().optional(),
});
const chunkSchema = z.object({
  index: z.int().min(0),
  content: z.string(),
  embeddingText: z.string(),
  section: z.string().nullable(),
  page: z.int().nullable(),
  tokens: z.int().min(0),
});
const chunkedSchema = z.object({
  title: z.string().nullable(),
  chunks: z.array(chunkSchema),
  pageCount: z.int().optional(),
});
const parsedOutcome = z.union([z.object({ ok: z.literal(true), document: documentSchema }), failureSchema]);
const chunkedOutcome = z.union([z.object({ ok: z.literal(true), chunked: chunkedSchema }), failureSchema]);

export class ChildProcessDocumentParser extends DocumentParser {
  private readonly limits: ChildLimits;
  private readonly waiting: (() => void)[] = [];
  private running = 0;
  private readonly idle: { readonly child: ReusedChild; readonly expiry: NodeJS.Timeout }[] = [];

  /** @param childFile the built `parser.child.js` */
  constructor(
    private readonly childFile: string,
    limits: Partial<ChildLimits> = {},
  ) {
    super();
    this.limits = { ...DEFAULT_CHILD_LIMITS, ...limits };
  }

  async parse(file: DocumentFile, signal?: AbortSignal): Promise<ParsedDocument> {
    return this.run(file, undefined, (result) => conclude(result, parsedOutcome, this.limits.timeMs).document, signal);
  }

  async parseIntoChunks(file: DocumentFile, settings: ChunkSettings, signal?: AbortSignal): Promise<ChunkedDocument> {
    return this.run(file, settings, (result) => conclude(result, chunkedOutcome, this.limits.timeMs).chunked, signal);
  }

  /** Ends the children that wait for work. */
  onApplicationShutdown(): void {
    for (const { child, expiry } of this.idle.splice(0)) {
      clearTimeout(expiry);
      child.end();
    }
  }

  private async run<T>(
    file: DocumentFile,
    chunking: ChunkSettings | undefined,
    read: (result: ParseResult) => T,
    signal?: AbortSignal,
  ): Promise<T> {
    assertNoConnectionHeld('A parser');
    await this.takeSlot(signal);
    try {
      const { timeMs, rssBytes, inflatedBytes, outputChars, pages } = this.limits;
      const limits = { timeMs, rssBytes, inflatedBytes, outputChars, pages };
      return await this.runNow(file, { mime: file.mime, chunking, limits }, read, signal);
    } finally {
      const next = this.waiting.shift();
      // The slot goes straight to the one who waited longest.
      if (next) next();
      else this.running--;
    }
  }

  /** The file is opened here: that it cannot be is our failure, not the document's. */
  private async runNow<T>(
    { owner, path }: DocumentFile,
    order: ParseOrder,
    read: (result: ParseResult) => T,
    signal?: AbortSignal,
  ): Promise<T> {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > this.limits.fileBytes) {
        const most = Math.round(this.limits.fileBytes / MIB);
        throw new DocumentParseError(
          'TOO_LARGE',
          `The file is larger than ${most} MiB. Split it into smaller files and upload those.`,
        );
      }
      if (owner !== undefined && size <= this.limits.sharedBytes) {
        const content = Buffer.alloc(size);
        await file.read(content, 0, size, 0);
        const result = await this.shared(owner, content, order, signal);
        if (result !== null) return read(result);
      }
      const run = new ParseRun(this.childFile, this.limits);
      return read(await run.untilEnd(file, order, signal));
    } finally {
      await file.close();
    }
  }

  /** @returns null when a child ended that had read other files before: their remains are not this one's fault */
  private async shared(
    owner: string,
    content: Buffer,
    order: ParseOrder,
    signal?: AbortSignal,
  ): Promise<ParseResult | null> {
    const child =
      this.takeIdle(owner) ?? new ReusedChild(owner, { childFile: this.childFile, heapMb: this.limits.heapMb });
    const result = await child.parse(content, order, mostAnswerBytes(this.limits), signal);
    if (child.fit) this.putIdle(child);
    else {
      const innocent = child.ended && child.documents > 1 && result.verdict !== 'time';
      child.end();
      if (innocent) return null;
    }
    return result;
  }

  private takeIdle(owner: string): ReusedChild | null {
    const at = this.idle.findIndex(({ child }) => child.owner === owner && child.fit);
    const [found] = at < 0 ? [] : this.idle.splice(at, 1);
    clearTimeout(found?.expiry);
    return found?.child ?? null;
  }

  private putIdle(child: ReusedChild): void {
    const expiry = setTimeout(() => {
      this.idle.splice(
        this.idle.findIndex((other) => other.child === child),
        1,
      );
      child.end();
    }, IDLE_MS);
    expiry.unref();
    this.idle.push({ child, expiry });
    if (this.idle.length <= MOST_IDLE) return;
    const oldest = this.idle.shift();
    clearTimeout(oldest?.expiry);
    oldest?.child.end();
  }

  private async takeSlot(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.running < this.limits.concurrency) {
      this.running++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const giveUp = (): void => {
        this.waiting.splice(this.waiting.indexOf(take), 1);
        reject(asError(signal?.reason));
      };
      const take = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.waiting.push(take);
    });
  }
}

/** One child from start to end. */
class ParseRun {
  private verdict: Verdict | null = null;
  private readonly output: Buffer[] = [];
  private outputBytes = 0;
  private complaints = '';

  constructor(
    private readonly childFile: string,
    private readonly limits: ChildLimits,
  ) {}

  /** Resolves when the child has ended, for whatever reason. */
  async untilEnd(file: FileHandle, order: ParseOrder, signal?: AbortSignal): Promise<ParseResult> {
    const child = this.start(file, order);
    const onAbort = (): void => this.end(child, 'aborted');
    signal?.addEventListener('abort', onAbort, { once: true });
    const clock = setTimeout(() => this.end(child, 'time'), this.limits.timeMs);
    const watch = setInterval(() => {
      if (residentBytes(child.pid) > this.limits.rssBytes) this.end(child, 'memory');
    }, 25);
    try {
      if (signal?.aborted) onAbort();
      await once(child, 'close');
    } finally {
      clearTimeout(clock);
      clearInterval(watch);
      signal?.removeEventListener('abort', onAbort);
    }
    signal?.throwIfAborted();
    const exit = child.signalCode ?? `code ${child.exitCode}`;
    return { answer: Buffer.concat(this.output), verdict: this.verdict, complaints: this.complaints, exit };
  }

  private start(file: FileHandle, order: ParseOrder): ChildProcess {
    const child = spawn(
      process.execPath,
      [`--max-old-space-size=${this.limits.heapMb}`, '--max-semi-space-size=8', this.childFile],
      {
        env: {},
        cwd: '/',
        stdio: ['pipe', 'ignore', 'pipe', 'pipe', file.fd],
        windowsHide: true,
      },
    );
    this.feed(child.stdin, JSON.stringify(order));
    child.stderr?.on('data', (chunk: Buffer) => {
      this.complaints = (this.complaints + chunk.toString('utf8')).slice(-8192);
    });
    const results = child.stdio[3] as Readable;
    results.on('data', (chunk: Buffer) => {
      this.outputBytes += chunk.length;
      if (this.outputBytes > mostAnswerBytes(this.limits)) this.end(child, 'output');
      else this.output.push(chunk);
    });
    return child;
  }

  private feed(stdin: Writable | null, request: string): void {
    // A child that dies at once breaks the pipe; its exit says more than EPIPE.
    stdin?.on('error', () => undefined);
    stdin?.end(request);
  }

  private end(child: ChildProcess, verdict: Verdict): void {
    this.verdict ??= verdict;
    child.kill('SIGKILL');
  }
}

/** JSON of text takes at most six bytes per character, in practice about one. */
function mostAnswerBytes({ outputChars }: ChildLimits): number {
  return outputChars * 6 + MIB;
}
