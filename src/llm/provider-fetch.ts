import { type CallMeter } from './call-meter.js';
import { type AnswerProgress, type ProviderConnection } from './provider-connection.js';

/** What the SDKs take as their `fetch`. */
export type FetchLike = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/**
 * A `fetch` for one call of a provider SDK, over our own connection: our deadlines and limits hold there too, the key is
 * added below the SDK (which never sees it), and the turn's signal closes the socket whatever the SDK does with it.
 *
 * SDKs wrap what `fetch` throws in errors of their own; `fault` keeps the original.
 */
export class ProviderFetch {
  /** What went wrong below the SDK; null: nothing. */
  fault: Error | null = null;
  private readonly request = new AbortController();
  private readonly onAbort = (): void => this.request.abort(this.signal.reason);

  constructor(
    private readonly connection: ProviderConnection,
    private readonly signal: AbortSignal,
    private readonly meter: CallMeter,
    /** Members of the request that the SDK must not know of. */
    private readonly extra: Readonly<Record<string, unknown>> = {},
  ) {
    signal.addEventListener('abort', this.onAbort, { once: true });
  }

  /** Ends what is still under way: SDKs leave a stream open that nobody reads to its end. */
  close(): void {
    this.signal.removeEventListener('abort', this.onAbort);
    this.request.abort(new Error('the call is over'));
  }

  readonly fetch: FetchLike = (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const base = this.connection.endpoint.baseUrl.replace(/\/+$/, '');
    if (!url.startsWith(base) || typeof init?.body !== 'string') {
      return Promise.reject(new Error(`a provider SDK asked for something else than a POST below ${base}`));
    }
    const body = JSON.stringify({ ...(JSON.parse(init.body) as Record<string, unknown>), ...this.extra });
    return new Promise((resolve, reject) => {
      let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
      const answer = new ReadableStream<Uint8Array>({ start: (controller) => void (stream = controller) });
      const fail = (error: Error): void => {
        this.fault = error;
        stream?.error(error);
        reject(error);
      };
      this.connection
        .post(
          { path: url.slice(base.length), body, accept: 'application/json, text/event-stream' },
          {
            onSent: () => this.meter.sent(),
            onHead: (status, headers) => {
              this.meter.answered();
              const type = headers['content-type'] ?? 'application/json';
              resolve(new Response(answer, { status, headers: { 'content-type': String(type) } }));
            },
            onData: (chunk): AnswerProgress => {
              stream?.enqueue(new Uint8Array(chunk));
              return 'open';
            },
          },
          this.request.signal,
        )
        .then(() => stream?.close(), fail);
    });
  };
}
