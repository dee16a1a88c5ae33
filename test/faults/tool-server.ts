import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { deferred, eventually } from './waiting.js';

/** A request that arrived for a tool. */
export interface ToolCallSeen {
  readonly tool: string;
  readonly key: string;
  readonly reference: string;
}

/**
 * Somebody's server behind tools: it counts, and as a careful one is written it does a thing once per `Idempotency-Key`,
 * answering a repeat with the first one's booking.
 */
export class ToolServer {
  readonly calls: ToolCallSeen[] = [];
  private readonly bookings = new Map<string, string>();
  /** Answers wait for it while a test holds them back. */
  private gate: ReturnType<typeof deferred<void>> | null = null;
  private readonly waiting = new Set<Promise<void>>();

  private constructor(
    private readonly server: Server,
    /** `host:port` */
    readonly address: string,
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      // A server that is killed takes its connections along.
      this.serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<ToolServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address !== 'object') throw new Error('The tool server has no port');
    return new ToolServer(server, `127.0.0.1:${address.port}`);
  }

  callsOf(reference: string): ToolCallSeen[] {
    return this.calls.filter((call) => call.reference === reference);
  }

  /** The bookings that were made for this: things done, however often they were asked for. */
  doneFor(reference: string): Set<string | undefined> {
    return new Set(this.callsOf(reference).map(({ key }) => this.bookings.get(key)));
  }

  /** From now on requests are taken and not answered, until `release`. */
  hold(): void {
    this.gate?.resolve();
    this.gate = deferred();
  }

  async held(count: number, ms: number): Promise<void> {
    await eventually(
      () => this.waiting.size >= count,
      () => `${count} calls to wait for the tool server; ${this.waiting.size} do`,
      ms,
    );
  }

  /** Answers all that wait. They are on their way when this resolves. */
  async release(): Promise<void> {
    this.gate?.resolve();
    this.gate = null;
    await Promise.all(this.waiting);
  }

  async stop(): Promise<void> {
    this.gate?.resolve();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { reference } = JSON.parse(Buffer.concat(parts).toString()) as { reference: string };
    const key = String(request.headers['idempotency-key']);
    this.calls.push({ tool: (request.url ?? '').slice(1), key, reference });
    const booking = this.bookings.get(key) ?? `B-${this.bookings.size + 1}`;
    this.bookings.set(key, booking);
    const answered = new Promise<void>((resolve) => response.once('close', resolve).once('finish', resolve));
    this.waiting.add(answered);
    await this.gate?.promise;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ booking }));
    await answered;
    this.waiting.delete(answered);
  }
}
