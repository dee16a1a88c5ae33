/**
 * The shop ACME's own system, in small: orders, tracking and invoices over HTTP, for the demo tenant's tools to call.
 *
 * A plain `node:http` server on a loopback port of its own, because the tools of a real tenant also call somebody
 * else's server: the outbound client admits exactly this port for the demo tenants. Nothing is stored but the answers
 * to `send`, which are kept per `Idempotency-Key` for as long as the process lives.
 *
 *   GET  /orders/{id}              the order
 *   GET  /orders/{id}/tracking     where the parcel is
 *   GET  /orders/{id}/invoice      its invoice, or the reason why there is none
 *   GET  /invoices?order_id={id}   `{data: [invoice]}`, empty when there is none
 *   POST /invoices/{id}/send       `{email}` → 200 `{status: 'sent', …}`
 *
 * Errors: `{error: {code, message}}` with a sentence that can be shown to a customer as it is.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LRUCache } from 'lru-cache';
import { describeInvoice, describeOrder, describeTracking, ORDERS, type OrderFixture } from './data/orders.js';

const MAX_BODY_BYTES = 4096;
/** The oldest remembered sends are forgotten beyond this many, so that a long-lived demo does not grow. */
const MAX_REMEMBERED_SENDS = 1000;
const ORDER_ID = /^[0-9]{4,6}$/;
const INVOICE_ID = /^INV-([0-9]{4,6})$/i;
const EMAIL = /^[^\s@<>"',;:]{1,64}@[^\s@<>"',;:.]+(\.[^\s@<>"',;:.]+)+$/;

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export interface SentInvoice {
  readonly invoiceId: string;
  readonly email: string;
}

export class DemoApi {
  /** What was "sent" since the start, for tests: a repeated request with the same key is here once. */
  readonly sent: SentInvoice[] = [];
  private readonly answersByKey = new LRUCache<string, { request: string; answer: Answer }>({
    max: MAX_REMEMBERED_SENDS,
  });

  private constructor(
    private readonly server: Server,
    readonly port: number,
    private readonly clock: () => Date,
  ) {}

  /** Starts on 127.0.0.1 and a free port. `clock` says what time it is; dates in the answers are relative to it. */
  static async start(clock: () => Date = () => new Date()): Promise<DemoApi> {
    const server = createServer();
    server.requestTimeout = 10_000;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const api = new DemoApi(server, (server.address() as AddressInfo).port, clock);
    server.on('request', (request, response) => void api.serve(request, response));
    return api;
  }

  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    if (!this.server.listening) return;
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.route(request);
    } catch (error) {
      const known =
        error instanceof ApiError ? error : new ApiError(500, 'INTERNAL', 'Something went wrong. Please try again.');
      answer = { status: known.status, body: { error: { code: known.code, message: known.message } } };
    }
    // A refused body may still be arriving: what is left of it must not be read as the next request.
    if (!request.complete) response.setHeader('connection', 'close');
    response.writeHead(answer.status, { 'content-type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(answer.body));
  }

  private async route(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? '/', 'http://demo');
    const [collection, id, action, ...rest] = url.pathname.split('/').slice(1).map(decodeSegment);
    if (rest.length === 0 && collection === 'orders' && id !== undefined) {
      const view = ORDER_VIEWS.get(action ?? '');
      if (view) {
        demandMethod(request, 'GET');
        return { status: 200, body: { ...view(findOrder(id), this.clock()) } };
      }
    }
    if (collection === 'invoices' && id === undefined) {
      demandMethod(request, 'GET');
      const orderId = url.searchParams.get('order_id');
      if (orderId === null) throw new ApiError(400, 'ORDER_ID_MISSING', 'Please say which order: ?order_id=1042');
      const invoice = describeInvoice(findOrder(orderId), this.clock());
      return { status: 200, body: { data: invoice.status === 'issued' ? [invoice] : [] } };
    }
    if (rest.length === 0 && collection === 'invoices' && id !== undefined && action === 'send') {
      demandMethod(request, 'POST');
      return this.sendInvoice(id, await readJsonObject(request), request.headers['idempotency-key']);
    }
    throw new ApiError(404, 'NOT_FOUND', 'There is nothing at this address.');
  }

  private sendInvoice(
    invoiceId: string,
    input: Readonly<Record<string, unknown>>,
    keyHeader: string | string[] | undefined,
  ): Answer {
    const orderId = INVOICE_ID.exec(invoiceId)?.[1];
    if (!orderId) {
      throw new ApiError(400, 'INVALID_INVOICE_ID', 'An invoice number is INV- and the order number, e.g. INV-1042.');
    }
    const unknown = Object.keys(input).find((field) => field !== 'email');
    if (unknown !== undefined) throw new ApiError(400, 'UNKNOWN_FIELD', `The field "${unknown}" is not known here.`);
    const email = input['email'];
    if (typeof email !== 'string' || email.length > 254 || !EMAIL.test(email)) {
      throw new ApiError(400, 'INVALID_EMAIL', 'Please give a complete email address, e.g. name@example.com.');
    }
    const key = Array.isArray(keyHeader) ? keyHeader[0] : keyHeader;
    const asked = JSON.stringify([orderId, email]);
    const earlier = key === undefined ? undefined : this.answersByKey.get(key);
    if (earlier) {
      if (earlier.request === asked) return earlier.answer;
      throw new ApiError(409, 'IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for a different request.');
    }
    const invoice = describeInvoice(findOrder(orderId), this.clock());
    if (invoice.status === 'not_issued' || invoice.invoice_id === null) {
      throw new ApiError(
        409,
        'INVOICE_NOT_ISSUED',
        `There is no invoice for order ${orderId}. ${invoice.reason ?? ''}`.trim(),
      );
    }
    this.sent.push({ invoiceId: invoice.invoice_id, email });
    const answer: Answer = {
      status: 200,
      body: {
        status: 'sent',
        invoice_id: invoice.invoice_id,
        order_id: orderId,
        email,
        sent_at: this.clock().toISOString(),
      },
    };
    if (key !== undefined) this.answersByKey.set(key, { request: asked, answer });
    return answer;
  }
}

const ORDER_VIEWS = new Map<string, (order: OrderFixture, now: Date) => object>([
  ['', describeOrder],
  ['tracking', describeTracking],
  ['invoice', describeInvoice],
]);

const ORDERS_BY_ID = new Map(ORDERS.map((order) => [order.id, order]));

function findOrder(id: string): OrderFixture {
  if (!ORDER_ID.test(id)) {
    throw new ApiError(400, 'INVALID_ORDER_ID', 'An order number has four to six digits, for example 1042.');
  }
  const order = ORDERS_BY_ID.get(id);
  if (!order) {
    throw new ApiError(
      404,
      'ORDER_NOT_FOUND',
      `I could not find an order with the number ${id}. Please check the number in your confirmation email.`,
    );
  }
  return order;
}

function demandMethod(request: IncomingMessage, method: string): void {
  if (request.method !== method) throw new ApiError(405, 'METHOD_NOT_ALLOWED', `Please use ${method} here.`);
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ApiError(400, 'INVALID_ADDRESS', 'The address holds a broken %-escape.');
  }
}

/** The body as an object. Reads by events, since leaving a `for await` early would cut the line before the answer. */
async function readJsonObject(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const body = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) {
        chunks.push(chunk);
        return;
      }
      request.pause();
      reject(new ApiError(413, 'BODY_TOO_LARGE', `The body may have ${MAX_BODY_BYTES} bytes at most.`));
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
  });
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  } catch {
    // Not JSON: the answer is the same as for JSON that is no object.
  }
  throw new ApiError(400, 'INVALID_JSON', 'The body must be a JSON object, for example {"email":"name@example.com"}.');
}
