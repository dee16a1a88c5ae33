import { assertNoConnectionHeld } from '#platform/database';
import { type IncomingHttpHeaders } from 'node:http';
import { Agent, type Dispatcher } from 'undici';
import { asError } from '#platform/errors';
import { CallParameters } from './call-parameters.js';
import { LlmError, LlmTimeoutError, type LlmDeadline } from './llm.errors.js';
import { type CallEnd } from './provider-watch.js';
import { redact } from './redaction.js';
import type { PriceOverlay } from './prices/prices.js';

/** One model of one OpenAI-wire endpoint, with the key to it. */
export interface ProviderEndpoint {
  readonly provider: string;
  readonly model: string;
  /** With the version: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** null: the server wants none. */
  readonly apiKey: string | null;
  /** Used where a request does not say; absent: the provider's own. */
  readonly temperature?: number;
  readonly maxTokens?: number;
  /** The operator's own prices. */
  readonly overlay?: PriceOverlay;
}

/** Milliseconds. The provider SDK's own deadline stops counting once headers arrive, so these are ours. */
export interface CallDeadlines {
  readonly connectMs: number;
  readonly firstByteMs: number;
  /** Silence between two pieces of an answer. */
  readonly idleMs: number;
  readonly totalMs: number;
}

/** What the reader of an answer thinks of it so far. */
export type AnswerProgress =
  | 'open'
  /** Complete but for trailing data: silence from here on is no fault, and need not be waited for long. */
  | 'closing'
  /** Nothing more is of interest. */
  | 'complete';

export interface AnswerReader {
  /** A connection was found, and the request is being written to it. */
  onSent?(): void;
  /** Called for a 2xx only. */
  onHead?(status: number, headers: IncomingHttpHeaders): void;
  /** Called with each piece as it arrives; what it throws ends the call. */
  onData(chunk: Buffer): AnswerProgress;
}

export interface ProviderRequest {
  /** Below the base URL: `/chat/completions`. */
  readonly path: string;
  readonly body: string;
  readonly accept: string;
}

const LONGEST_ANSWER = 64 * 1024 * 1024;
const LONGEST_REFUSAL = 16 * 1024;
/** How long a complete answer may keep its connection before it is cut. */
const CLOSING_MS = 1500;

/**
 * One keep-alive pool to one endpoint. Every call has four deadlines and a size limit, closes its socket the moment its
 * signal aborts, and fails with an `LlmError` that says for the log, without keys, what happened.
 */
export class ProviderConnection {
  readonly parameters: CallParameters;
  private readonly agent: Agent;
  private readonly origin: string;
  private readonly basePath: string;

  constructor(
    readonly endpoint: ProviderEndpoint,
    readonly deadlines: CallDeadlines,
    /** Told once a call, before its caller. */
    private readonly onEnd: (end: CallEnd) => void = () => undefined,
  ) {
    this.parameters = new CallParameters(endpoint);
    const url = new URL(endpoint.baseUrl);
    this.origin = url.origin;
    this.basePath = url.pathname.replace(/\/+$/, '');
    this.agent = new Agent({
      connect: { timeout: deadlines.connectMs },
      // Ours, in `Exchange`: the agent's own cannot tell the first byte from the first headers.
      headersTimeout: 0,
      bodyTimeout: 0,
      // Below the minute after which common proxies drop idle connections without a word.
      keepAliveTimeout: 15_000,
      keepAliveMaxTimeout: 50_000,
      pipelining: 1,
    });
  }

  /**
   * POSTs and hands the answer of a 2xx to `reader`.
   * @throws LlmError for any other status, a broken connection, an answer too long
   * @throws LlmTimeoutError when a deadline passes
   * @throws the signal's reason when it aborts
   */
  post(request: ProviderRequest, reader: AnswerReader, signal: AbortSignal): Promise<void> {
    assertNoConnectionHeld('A model');
    if (signal.aborted) return Promise.reject(asError(signal.reason));
    const { apiKey } = this.endpoint;
    return new Promise((resolve, reject) => {
      const ended = (error: unknown): void =>
        this.onEnd({
          provider: this.endpoint.provider,
          path: request.path,
          error,
          aborted: error !== null && signal.aborted,
        });
      const exchange = new Exchange(this, reader, signal, {
        resolve: () => {
          ended(null);
          resolve();
        },
        reject: (error) => {
          ended(error);
          reject(error);
        },
      });
      this.agent.dispatch(
        {
          origin: this.origin,
          path: this.basePath + request.path,
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: request.accept,
            'user-agent': 'switchboard',
            ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
          },
          body: request.body,
        },
        exchange,
      );
    });
  }

  /** An `LlmError` with a detail that holds no key. */
  fault(
    detail: string,
    more: { status?: number; retryable?: boolean; transient?: boolean; retryAfterMs?: number } = {},
  ): LlmError {
    return new LlmError({ ...more, detail: redact(`${this.endpoint.provider}: ${detail}`, this.endpoint.apiKey) });
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

/** One request and its answer. Settles once; whatever arrives later is ignored. */
class Exchange implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;
  private silence: NodeJS.Timeout;
  private readonly total: NodeJS.Timeout;
  private settled = false;
  private closing = false;
  private received = 0;
  private status = 0;
  private headers: IncomingHttpHeaders = {};
  private refusal: Buffer[] = [];
  private readonly onAbort: () => void;

  constructor(
    private readonly connection: ProviderConnection,
    private readonly reader: AnswerReader,
    private readonly signal: AbortSignal,
    private readonly settle: { resolve: () => void; reject: (error: Error) => void },
  ) {
    const { firstByteMs, connectMs, totalMs } = connection.deadlines;
    // While connecting, the agent's connect deadline comes first; this one only bounds a queue that never moves.
    this.silence = this.deadline('first_byte', connectMs + firstByteMs);
    this.total = this.deadline('total', totalMs);
    this.onAbort = () => this.fail(asError(this.signal.reason));
    signal.addEventListener('abort', this.onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.settled) return controller.abort(new Error('no longer wanted'));
    this.reader.onSent?.();
    this.restart('first_byte', this.connection.deadlines.firstByteMs);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
    if (status < 300) this.reader.onHead?.(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.settled) return;
    if (this.received === 0) this.restart('idle', this.connection.deadlines.idleMs);
    else this.silence.refresh();
    this.received += chunk.length;
    if (this.status >= 300) return this.collectRefusal(chunk);
    if (this.received > LONGEST_ANSWER)
      return this.fail(this.connection.fault(`the answer passed ${LONGEST_ANSWER} bytes`));
    try {
      const progress = this.reader.onData(chunk);
      if (progress !== 'open') this.close(progress);
    } catch (error) {
      this.fail(asError(error));
    }
  }

  onResponseEnd(): void {
    if (this.status >= 300) this.fail(this.refused());
    else this.succeed();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.closing) return this.succeed();
    const { deadlines } = this.connection;
    const code = 'code' in error ? String(error.code) : error.name;
    if (code === 'UND_ERR_CONNECT_TIMEOUT') return this.fail(new LlmTimeoutError('connect', deadlines.connectMs));
    const when = this.received > 0 ? 'in the middle of the answer' : 'before an answer';
    this.fail(this.connection.fault(`the connection broke ${when}: ${code} ${error.message}`, { transient: true }));
  }

  private close(progress: AnswerProgress): void {
    if (!this.closing) {
      this.closing = true;
      clearTimeout(this.silence);
      this.silence = setTimeout(() => this.cut(), CLOSING_MS);
    }
    // The connection lives on for the next call when the server ends the answer properly.
    if (progress === 'complete') this.finish(() => this.settle.resolve());
  }

  private cut(): void {
    this.controller?.abort(new Error('the answer is complete'));
    this.succeed();
  }

  private collectRefusal(chunk: Buffer): void {
    this.refusal.push(Buffer.from(chunk));
    if (this.received > LONGEST_REFUSAL) this.fail(this.refused());
  }

  private refused(): LlmError {
    const { status } = this;
    const said = Buffer.concat(this.refusal).subarray(0, LONGEST_REFUSAL).toString('utf8');
    const passing = status === 408 || status === 429 || status >= 500;
    const retryAfterMs = retryAfter(this.headers['retry-after']);
    return this.connection.fault(`HTTP ${status}: ${said}`, {
      status,
      retryable: passing,
      transient: passing,
      retryAfterMs,
    });
  }

  private deadline(name: LlmDeadline, ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      if (this.closing) this.cut();
      else this.fail(new LlmTimeoutError(name, ms));
    }, ms);
  }

  private restart(name: LlmDeadline, ms: number): void {
    clearTimeout(this.silence);
    this.silence = this.deadline(name, ms);
  }

  private succeed(): void {
    clearTimeout(this.silence);
    this.finish(() => this.settle.resolve());
  }

  private fail(error: Error): void {
    if (this.settled) return;
    clearTimeout(this.silence);
    this.finish(() => this.settle.reject(error));
    this.controller?.abort(error);
  }

  private finish(settle: () => void): void {
    if (this.settled) return;
    this.settled = true;
    clearTimeout(this.total);
    this.signal.removeEventListener('abort', this.onAbort);
    settle();
  }
}

/** Milliseconds of a `Retry-After` in seconds or as a date; undefined when there is none. */
function retryAfter(header: string | string[] | undefined): number | undefined {
  const value = Array.isArray(header) ? header[0] : header;
  if (value === undefined) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms)) : undefined;
}
