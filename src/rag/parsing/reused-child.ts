import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { ParseOrder } from './parse-outcome.js';
import type { ParseResult, Verdict } from './parse-verdict.js';
import { residentBytes } from './resident-bytes.js';

/** After so many documents, or with so much memory kept, a child has served long enough. */
const MOST_DOCUMENTS = 200;
const KEPT_BYTES = 192 * 2 ** 20;
const WATCH_MS = 25;

export interface ReusedChildOptions {
  readonly childFile: string;
  readonly heapMb: number;
}

/**
 * A parser's child that reads one small file after the other, all of one owner: what a hostile file did to it can meet no
 * other tenant's. Time and memory are judged for each document, from outside, as for a child of its own; a document that
 * passes them ends the child.
 */
export class ReusedChild {
  /** Nothing more can be read by it. */
  ended = false;
  documents = 0;
  private readonly child: ChildProcess;
  private verdict: Verdict | null = null;
  private complaints = '';
  private answer: Buffer[] = [];
  private answerBytes = 0;
  private mostBytes = 0;
  private settle: () => void = () => undefined;

  constructor(
    readonly owner: string,
    options: ReusedChildOptions,
  ) {
    const flags = [`--max-old-space-size=${options.heapMb}`, '--max-semi-space-size=8'];
    this.child = spawn(process.execPath, [...flags, options.childFile, 'many'], {
      env: {},
      cwd: '/',
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const results = this.child.stdio[3] as Readable;
    // A child that dies at once breaks the pipe; its exit says more than EPIPE.
    this.child.stdin?.on('error', () => undefined);
    this.child.on('error', () => this.over());
    this.child.on('close', () => this.over());
    this.child.stderr?.on('data', (text: Buffer) => {
      this.complaints = (this.complaints + text.toString('utf8')).slice(-8192);
    });
    results.on('data', (piece: Buffer) => this.take(piece));
    // Waiting for work keeps no process alive.
    this.child.unref();
    for (const pipe of [this.child.stdin, this.child.stderr, results]) (pipe as Socket | null)?.unref();
  }

  /** Whether it may read another document. */
  get fit(): boolean {
    return !this.ended && this.documents < MOST_DOCUMENTS && residentBytes(this.child.pid) < KEPT_BYTES;
  }

  /**
   * One at a time.
   * @param mostBytes of the answer
   * @throws the signal's reason when it is aborted; the child is ended then
   */
  async parse(file: Buffer, order: ParseOrder, mostBytes: number, signal?: AbortSignal): Promise<ParseResult> {
    signal?.throwIfAborted();
    this.documents++;
    this.mostBytes = mostBytes;
    this.answer = [];
    this.answerBytes = 0;
    const answered = new Promise<void>((resolve) => (this.settle = resolve));
    const onAbort = (): void => this.end('aborted');
    signal?.addEventListener('abort', onAbort, { once: true });
    const { rssBytes, timeMs } = order.limits;
    const clock = setTimeout(() => this.end('time'), timeMs);
    const watch = setInterval(() => {
      if (residentBytes(this.child.pid) > rssBytes) this.end('memory');
    }, WATCH_MS);
    try {
      if (this.ended) this.settle();
      else this.send(this.child.stdin, Buffer.from(JSON.stringify(order)), file);
      await answered;
    } finally {
      clearTimeout(clock);
      clearInterval(watch);
      signal?.removeEventListener('abort', onAbort);
    }
    signal?.throwIfAborted();
    const exit = this.child.signalCode ?? `code ${this.child.exitCode}`;
    const { complaints, verdict } = this;
    return { answer: Buffer.concat(this.answer).subarray(4), verdict, complaints, exit };
  }

  end(verdict: Verdict = 'aborted'): void {
    this.verdict ??= verdict;
    this.ended = true;
    this.child.kill('SIGKILL');
  }

  private send(stdin: Writable | null, ...pieces: readonly Buffer[]): void {
    for (const piece of pieces) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(piece.length);
      stdin?.write(length);
      stdin?.write(piece);
    }
  }

  private take(piece: Buffer): void {
    this.answerBytes += piece.length;
    if (this.answerBytes > this.mostBytes) return this.end('output');
    this.answer.push(piece);
    if (this.answerBytes < 4) return;
    const [first = piece] = this.answer;
    const head = first.length >= 4 ? first : Buffer.concat(this.answer);
    if (this.answerBytes >= 4 + head.readUInt32BE()) this.settle();
  }

  private over(): void {
    this.ended = true;
    this.settle();
  }
}
