import { Worker } from 'node:worker_threads';
import { asError } from '#platform/errors';
import type { Logger } from '#platform/logging';
import { SentenceEncoder } from './sentence-encoder.js';
import type { EncoderAnswer, EncoderOrder } from './encoder-wire.js';

export interface EncoderLimits {
  /** A thread that is silent for so long with an order of 16 texts is given up. */
  readonly answerMs: number;
  /** After a failure nobody tries for so long. */
  readonly retryMs: number;
  /** Without an order for so long it is let go, and its memory with it. */
  readonly idleMs: number;
  /** Orders at once; whoever comes on top does without. */
  readonly waiting: number;
}

const LIMITS: EncoderLimits = { answerMs: 15_000, retryMs: 60_000, idleMs: 600_000, waiting: 16 };

interface Order {
  readonly done: (vectors: readonly Float32Array[] | null) => void;
  readonly deadline: NodeJS.Timeout;
}

/** The encoder in a thread of its own, started by the first order. Whatever becomes of it, an order is answered. */
export class WorkerSentenceEncoder extends SentenceEncoder {
  private worker: Worker | null = null;
  private readonly orders = new Map<number, Order>();
  private readonly limits: EncoderLimits;
  private lastId = 0;
  private notBefore = 0;
  private closed = false;
  private idle: NodeJS.Timeout | undefined;

  /** @param file of the thread, built */
  constructor(
    private readonly file: string,
    private readonly logger: Logger,
    limits: Partial<EncoderLimits> = {},
  ) {
    super();
    this.limits = { ...LIMITS, ...limits };
  }

  override encode(texts: readonly string[]): Promise<readonly Float32Array[] | null> {
    if (this.closed || this.orders.size >= this.limits.waiting || performance.now() < this.notBefore) {
      return Promise.resolve(null);
    }
    const worker = (this.worker ??= this.start());
    const id = ++this.lastId;
    clearTimeout(this.idle);
    return new Promise((done) => {
      const deadline = setTimeout(() => {
        this.giveUp(worker, new Error(`no answer within ${this.limits.answerMs} ms`));
      }, this.limits.answerMs).unref();
      this.orders.set(id, { done, deadline });
      worker.postMessage({ id, texts } satisfies EncoderOrder);
    });
  }

  /** For the end of the application. */
  async onModuleDestroy(): Promise<void> {
    this.closed = true;
    const { worker } = this;
    this.release();
    await worker?.terminate();
  }

  private start(): Worker {
    // Nothing of the server's environment is its business, and it keeps no process alive.
    const worker = new Worker(this.file, { env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 256 } });
    worker.unref();
    worker.on('message', ({ id, vectors }: EncoderAnswer) => {
      const order = this.orders.get(id);
      if (order === undefined) return;
      this.orders.delete(id);
      clearTimeout(order.deadline);
      order.done(vectors);
      if (this.orders.size === 0) this.idle = setTimeout(() => this.rest(worker), this.limits.idleMs).unref();
    });
    worker.on('error', (error) => this.giveUp(worker, asError(error)));
    worker.on('exit', (code) => this.giveUp(worker, new Error(`its thread ended with code ${code}`)));
    return worker;
  }

  private rest(worker: Worker): void {
    if (this.worker !== worker) return;
    this.release();
    void worker.terminate();
  }

  private giveUp(worker: Worker, err: Error): void {
    if (this.worker !== worker) return;
    this.notBefore = performance.now() + this.limits.retryMs;
    this.logger.warn({ err }, 'the sentence encoder failed: messages are routed by their words alone');
    this.release();
    void worker.terminate();
  }

  private release(): void {
    this.worker = null;
    clearTimeout(this.idle);
    for (const { deadline, done } of this.orders.values()) {
      clearTimeout(deadline);
      done(null);
    }
    this.orders.clear();
  }
}
