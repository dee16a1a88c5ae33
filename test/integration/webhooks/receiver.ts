import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: {
    readonly id: string;
    readonly type: string;
    readonly created_at: string;
    readonly tenant_id: string;
    readonly data: Record<string, unknown>;
  };
}

/** What a path answers, where it is not 200 `taken`. */
export type Answering = (response: ServerResponse) => void;

/** A tenant's own server, as far as a webhook sees it. */
export class Receiver {
  readonly received: Received[] = [];
  private readonly answers = new Map<string, Answering>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    let receiver: Receiver | undefined = undefined;
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const path = request.url ?? '';
        receiver?.received.push({ path, headers: request.headers, body, event: body === '' ? {} : JSON.parse(body) });
        const answer = receiver?.answers.get(path);
        if (answer === undefined) response.end('taken');
        else answer(response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    receiver = new Receiver(server);
    return receiver;
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  url(path: string): string {
    return `http://${this.host}${path}`;
  }

  /** Null: as before. */
  answer(path: string, answer: Answering | null): void {
    if (answer === null) this.answers.delete(path);
    else this.answers.set(path, answer);
  }

  at(path: string): Received[] {
    return this.received.filter((request) => request.path === path);
  }

  typesAt(path: string): string[] {
    return this.at(path).map(({ event }) => event.type);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

/** As a receiver would: by the specification alone. @returns how many of the signatures are the secret's */
export function verified({ body, headers }: Received, secret: string): number {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  const expected = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  return String(headers['webhook-signature'])
    .split(' ')
    .filter((signature) => signature === expected).length;
}
