/**
 * The document parser that ships: one process per document, killed when it takes too long, grows too large, says too
 * much or is no longer wanted. A hostile file can end that process and nothing else.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { asError } from '#platform/errors';
import type { ChunkSettings } from '../chunking/chunker.js';
import { type ChunkedDocument, type DocumentFile, DocumentParseError, DocumentParser } from './document-parser.port.js';
import type { ParseLimits } from './parse-document.js';
import { PARSE_FAILURE_CODES, type ParseFailureCode } from './parse-failure.js';
import type { ParsedDocument } from './parsed-document.js';

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
};

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
const failureSchema = z.object({
  ok: z.literal(false),
  code: z.enum(PARSE_FAILURE_CODES),
  message: z.string(),
  detail: z.string().optional(),
});
const parsedOutcome = z.union([z.object({ ok: z.literal(true), document: documentSchema }), failureSchema]);
const chunkedOutcome = z.union([z.object({ ok: z.literal(true), chunked: chunkedSchema }), failureSchema]);

/** What goes to the child's stdin besides the limits. */
interface Order {
  readonly mime: string;
  readonly chunking?: ChunkSettings;
}

/** Why the parent ended the child. */
type Verdict = 'time' | 'memory' | 'output' | 'aborted';

export class ChildProcessDocumentParser extends DocumentParser {
  private readonly limits: ChildLimits;
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  /** @param childFile the built `parser.child.js` */
  constructor(
    private readonly childFile: string,
    limits: Partial<ChildLimits> = {},
  ) {
    super();
    this.limits = { ...DEFAULT_CHILD_LIMITS, ...limits };
  }

  async parse(file: DocumentFile, signal?: AbortSignal): Promise<ParsedDocument> {
    const run = await this.run(file.path, { mime: file.mime }, signal);
    return run.conclude(parsedOutcome).document;
  }

  async parseIntoChunks(file: DocumentFile, settings: ChunkSettings, signal?: AbortSignal): Promise<ChunkedDocument> {
    const run = await this.run(file.path, { mime: file.mime, chunking: settings }, signal);
    return run.conclude(chunkedOutcome).chunked;
  }

  private async run(path: string, order: Order, signal?: AbortSignal): Promise<ParseRun> {
    await this.takeSlot(signal);
    try {
      return await this.runNow(path, order, signal);
    } finally {
      const next = this.waiting.shift();
      // The slot goes straight to the one who waited longest.
      if (next) next();
      else this.running--;
    }
  }

  /** The file is opened here: that it cannot be is our failure, not the document's. */
  private async runNow(path: string, order: Order, signal?: AbortSignal): Promise<ParseRun> {
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
      const run = new ParseRun(this.childFile, this.limits);
      await run.untilEnd(file, order, signal);
      return run;
    } finally {
      await file.close();
    }
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
  private exit = '';

  constructor(
    private readonly childFile: string,
    private readonly limits: ChildLimits,
  ) {}

  /** Resolves when the child has ended, for whatever reason. */
  async untilEnd(file: FileHandle, order: Order, signal?: AbortSignal): Promise<void> {
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
    this.exit = child.signalCode ?? `code ${child.exitCode}`;
    signal?.throwIfAborted();
  }

  private start(file: FileHandle, order: Order): ChildProcess {
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
    const { timeMs, rssBytes, inflatedBytes, outputChars, pages } = this.limits;
    this.feed(
      child.stdin,
      JSON.stringify({ ...order, limits: { timeMs, rssBytes, inflatedBytes, outputChars, pages } }),
    );
    child.stderr?.on('data', (chunk: Buffer) => {
      this.complaints = (this.complaints + chunk.toString('utf8')).slice(-8192);
    });
    const results = child.stdio[3] as Readable;
    results.on('data', (chunk: Buffer) => {
      this.outputBytes += chunk.length;
      // JSON of text takes at most six bytes per character, in practice about one.
      if (this.outputBytes > this.limits.outputChars * 6 + MIB) this.end(child, 'output');
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

  /** What the child answered, or the error that says why it did not. */
  conclude<T extends { readonly ok: true }>(schema: z.ZodType<T | z.infer<typeof failureSchema>>): T {
    const verdict = this.verdict ?? this.verdictOfGuard();
    if (verdict) throw this.errorFor(verdict);
    const outcome = schema.safeParse(parseJson(Buffer.concat(this.output)));
    if (!outcome.success) {
      throw new DocumentParseError(
        'CORRUPT',
        'The file made the reader stop. Save it again with another program and upload the new copy.',
        {
          cause: new Error(`parser child ended with ${this.exit}: ${this.complaints.trim().slice(-500)}`),
        },
      );
    }
    if (outcome.data.ok) return outcome.data;
    const { code, message, detail } = outcome.data;
    throw new DocumentParseError(code, message, {
      retryable: isRetryable(code),
      cause: detail ? new Error(detail) : undefined,
    });
  }

  /** What the child's own guard, or V8 when its heap was full, left on stderr. */
  private verdictOfGuard(): Verdict | null {
    if (/guard: memory|heap out of memory|Array buffer allocation failed/.test(this.complaints)) return 'memory';
    if (this.complaints.includes('guard: time')) return 'time';
    return null;
  }

  private errorFor(verdict: Verdict): DocumentParseError {
    if (verdict === 'time') {
      const seconds = Math.round(this.limits.timeMs / 1000);
      return new DocumentParseError(
        'TIMEOUT',
        `Reading the file took longer than ${seconds} seconds. Try again later, or split it into smaller files.`,
        {
          retryable: true,
        },
      );
    }
    const what =
      verdict === 'output'
        ? 'The document holds more text than can be read at once.'
        : 'Reading the file needs more memory than is allowed.';
    return new DocumentParseError('TOO_LARGE', `${what} Split it into smaller files and upload those.`);
  }
}

function isRetryable(code: ParseFailureCode): boolean {
  return code === 'TIMEOUT';
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

/** 0 where the system does not tell (no /proc): the child's own guard watches then. */
function residentBytes(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
