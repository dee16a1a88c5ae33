import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import type { Frame } from '../support/chat-client.js';
import type { Person } from './cluster.js';
import { TurnBook, type TurnSeen } from './turn-book.js';
import { eventually } from './waiting.js';

/** Anything with an address; it keeps it over restarts. */
export interface Address {
  readonly name: string;
  readonly url: string;
}

/** One message that somebody wanted to send, and what became of it. */
export interface Sent {
  readonly clientMessageId: string;
  readonly content: string;
  readonly nonce: string;
  readonly reader: string;
  readonly at: number;
  ack: { turn_id: string; message_id: string | null; conversation_id: string; at: number } | null;
  /** Acks that differ from the first one: none may. */
  readonly otherAcks: Frame[];
  refused: Frame | null;
  tries: number;
}

/** What all clients of a scenario sent and saw; `checkJournal` judges it. */
export class Journal {
  readonly sent: Sent[] = [];
  readonly books: TurnBook[] = [];
  private readonly clients: { stop(): void }[] = [];

  book(reader: string, takesMessages = true): TurnBook {
    const book = new TurnBook(reader, takesMessages);
    this.books.push(book);
    return book;
  }

  note(reader: string, content: string): Sent {
    const sent: Sent = {
      clientMessageId: randomUUID(),
      content,
      nonce: /nonce:([\w-]+)/.exec(content)?.[1] ?? '',
      reader,
      at: Date.now(),
      ack: null,
      otherAcks: [],
      refused: null,
      tries: 0,
    };
    this.sent.push(sent);
    return sent;
  }

  keep(client: { stop(): void }): void {
    this.clients.push(client);
  }

  stop(): void {
    for (const client of this.clients) client.stop();
  }
}

interface SocketOptions {
  /** Servers to connect to, in this order when one is lost; default: the first only. */
  readonly servers: readonly Address[];
  readonly person: Person;
  readonly name: string;
  /** Behind the path: `on_disconnect=cancel`. */
  readonly query?: string;
  /** False: a refusal is final, also one that it may try again after. */
  readonly patient?: boolean;
}

const CONNECT_MS = 5000;
const ANSWER_MS = 10_000;
/** How soon a client that was cut off comes back. */
export const RETRY_MS = 250;

/**
 * A socket client as a careful one is written: it numbers its messages, connects again when it is cut off (to the next
 * server of its list), resumes each conversation after the last number that it saw, and sends again what was never
 * acknowledged. Everything that it sees goes into its book.
 */
export class SocketClient {
  readonly book: TurnBook;
  readonly closes: number[] = [];
  /** How long it was without a connection, each time. */
  readonly reconnects: number[] = [];
  /** Answers to frames, and frames outside of any turn. */
  readonly others: Frame[] = [];
  private socket: WebSocket | null = null;
  private ready = false;
  private stopped = false;
  private lostAt: number | null = null;
  private next = 0;
  private readonly followed = new Set<string>();
  private readonly open = new Map<string, { sent: Sent; fields: Frame; timer: NodeJS.Timeout | null }>();

  constructor(
    private readonly journal: Journal,
    private readonly options: SocketOptions,
  ) {
    this.book = journal.book(options.name, !(options.query ?? '').includes('final=false'));
    journal.keep(this);
    void this.connect();
  }

  /** Which server it talks to. */
  get server(): string {
    return this.options.servers[this.next % this.options.servers.length]?.name ?? '';
  }

  async connected(): Promise<this> {
    await eventually(() => this.ready, `${this.options.name} to be connected`, 15_000);
    return this;
  }

  /** Sends until it is acknowledged or refused for good. */
  say(content: string, fields: Frame = {}): Sent {
    const sent = this.journal.note(this.options.name, content);
    this.open.set(sent.clientMessageId, { sent, fields, timer: null });
    this.transmit(sent.clientMessageId);
    return sent;
  }

  /** Sends the very same message once more. */
  repeat(sent: Sent, fields: Frame = {}): void {
    this.open.set(sent.clientMessageId, { sent, fields, timer: null });
    this.transmit(sent.clientMessageId);
  }

  async acked(sent: Sent, ms = 10_000): Promise<NonNullable<Sent['ack']>> {
    return eventually(
      () => {
        if (sent.refused !== null) throw new Error(`"${sent.content}" was refused: ${JSON.stringify(sent.refused)}`);
        return sent.ack;
      },
      `the ack of "${sent.content}"`,
      ms,
    );
  }

  /** The direct answer to a frame that was sent with this `ref`. */
  answer(ref: string, ms = 10_000): Promise<Frame> {
    const find = () => this.others.find((frame) => frame['ref'] === ref);
    return eventually(find, `${this.options.name} to be answered ${ref}`, ms);
  }

  /** Subscribes, and again after each new connection. */
  follow(conversationId: string): void {
    // Asking twice over one connection would bring what is on its way twice.
    if (this.followed.has(conversationId)) return;
    this.followed.add(conversationId);
    if (this.ready) this.resume(conversationId);
  }

  abort(turnId: string): void {
    this.send({ type: 'abort', turn_id: turnId });
  }

  send(frame: Frame): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  seen(turnId: string, what: (turn: TurnSeen) => boolean, label: string, ms?: number): Promise<TurnSeen> {
    return this.book.until(turnId, what, label, ms);
  }

  done(turnId: string, ms = 15_000): Promise<TurnSeen> {
    return this.seen(turnId, (turn) => turn.dones.length > 0, 'the end', ms);
  }

  /** Cuts its own cable, as a train in a tunnel does; it comes back at once, to the next server. */
  drop(): void {
    this.socket?.terminate();
  }

  /** Closes for good, having been told all that it is owed. */
  finish(): void {
    this.stopped = true;
    this.socket?.terminate();
  }

  /** Leaves: nobody owes it anything from here on. */
  stop(): void {
    this.stopped = true;
    this.book.staying = false;
    for (const { timer } of this.open.values()) if (timer !== null) clearTimeout(timer);
    this.socket?.terminate();
  }

  private async connect(): Promise<void> {
    const server = this.options.servers[this.next % this.options.servers.length];
    let token: string;
    try {
      token = await this.options.person.token();
    } catch {
      this.later();
      return;
    }
    if (this.stopped || server === undefined) return;
    const url = `${server.url.replace('http', 'ws')}/ws/chat?${this.options.query ?? ''}`;
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
    this.socket = socket;
    this.book.connection++;
    // A server that accepts and never answers is as good as none.
    const timer = setTimeout(() => socket.terminate(), CONNECT_MS);
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as Frame;
      if (frame['type'] === 'ready') {
        clearTimeout(timer);
        this.onReady();
      } else this.onFrame(frame);
    });
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      clearTimeout(timer);
      this.closes.push(code);
      this.ready = false;
      this.lostAt ??= Date.now();
      if (this.stopped) return;
      this.next++;
      this.later();
    });
  }

  private later(): void {
    if (!this.stopped) setTimeout(() => void this.connect(), RETRY_MS).unref();
  }

  private onReady(): void {
    this.ready = true;
    if (this.lostAt !== null) this.reconnects.push(Date.now() - this.lostAt);
    this.lostAt = null;
    for (const conversationId of this.followed) this.resume(conversationId);
    for (const id of this.open.keys()) this.transmit(id);
  }

  private resume(conversationId: string): void {
    this.send({
      type: 'resume',
      conversation_id: conversationId,
      after_seq: this.book.lastSeq.get(conversationId) ?? 0,
    });
  }

  private transmit(clientMessageId: string): void {
    const entry = this.open.get(clientMessageId);
    if (entry === undefined || !this.ready || this.stopped) return;
    const { sent, fields } = entry;
    sent.tries++;
    if (entry.timer !== null) clearTimeout(entry.timer);
    entry.timer = setTimeout(() => this.transmit(clientMessageId), ANSWER_MS);
    this.send({
      type: 'user_message',
      content: sent.content,
      client_message_id: clientMessageId,
      ref: clientMessageId,
      agent: 'linkedin',
      ...fields,
    });
  }

  private onFrame(frame: Frame): void {
    if (frame['type'] === 'ack') this.onAck(frame);
    else if (frame['type'] === 'error' && frame['scope'] !== 'turn' && this.open.has(frame['ref']))
      this.onRefusal(frame);
    else if (typeof frame['turn_id'] !== 'string') this.others.push(frame);
    this.book.take(frame);
  }

  private onAck(frame: Frame): void {
    const entry = this.open.get(frame['client_message_id']);
    if (entry === undefined) return;
    const { sent, timer } = entry;
    if (timer !== null) clearTimeout(timer);
    this.open.delete(sent.clientMessageId);
    const { turn_id, message_id, conversation_id } = frame as NonNullable<Sent['ack']>;
    this.followed.add(conversation_id);
    if (sent.ack === null) sent.ack = { turn_id, message_id, conversation_id, at: Date.now() };
    else if (!sameAck(sent.ack, { turn_id, message_id, conversation_id })) sent.otherAcks.push(frame);
    if (sent.tries > 1) this.book.turn(turn_id, conversation_id).repeats = sent.tries - 1;
  }

  private onRefusal(frame: Frame): void {
    const entry = this.open.get(frame['ref']);
    if (entry === undefined) return;
    if (entry.timer !== null) clearTimeout(entry.timer);
    if (frame['retryable'] === true && this.options.patient !== false && entry.sent.tries < 100) {
      entry.timer = setTimeout(() => this.transmit(frame['ref']), frame['retry_after_ms'] ?? 500);
      return;
    }
    entry.sent.refused = frame;
    this.open.delete(frame['ref']);
  }
}

/** All of them by one look at a time: two hundred waits of their own would cost the servers their processors. */
export async function allAcked(sends: readonly Sent[], ms = 60_000): Promise<NonNullable<Sent['ack']>[]> {
  return eventually(
    () => {
      const refused = sends.find((sent) => sent.refused !== null);
      if (refused !== undefined)
        throw new Error(`"${refused.content}" was refused: ${JSON.stringify(refused.refused)}`);
      const acks = sends.flatMap((sent) => sent.ack ?? []);
      return acks.length === sends.length && acks;
    },
    () => `${sends.filter((sent) => sent.ack === null).length} of ${sends.length} acks`,
    ms,
  );
}

/** Until each client has been told the end of the turn of the same place in the list. */
export async function allDone(
  clients: readonly SocketClient[],
  turnIds: readonly string[],
  ms = 60_000,
): Promise<void> {
  const open = () => turnIds.filter((id, n) => (clients[n]?.book.turns.get(id)?.dones.length ?? 0) === 0);
  await eventually(
    () => open().length === 0,
    () => `the ends of ${open().length} of ${turnIds.length} turns`,
    ms,
  );
}

export function sameAck(one: NonNullable<Sent['ack']>, other: Omit<NonNullable<Sent['ack']>, 'at'>): boolean {
  return (['turn_id', 'message_id', 'conversation_id'] as const).every((field) => one[field] === other[field]);
}

/** What a `POST chat` came to. */
export interface HttpOutcome {
  readonly status: number;
  // The shape is what a scenario is about; it asserts on it.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
  readonly ms: number;
}

/**
 * Asks over HTTP and waits for the one answer; sends again, with the same key, to the next server when the connection is
 * lost or the server says that it cannot now.
 */
export async function askOverHttp(
  journal: Journal,
  options: SocketOptions & { readonly content: string; readonly conversationId?: string; readonly ms?: number },
): Promise<{ sent: Sent; outcome: HttpOutcome }> {
  const sent = journal.note(options.name, options.content);
  const began = Date.now();
  const giveUpAt = began + (options.ms ?? 60_000);
  let last: HttpOutcome = { status: 0, body: null, ms: 0 };
  for (; Date.now() < giveUpAt; sent.tries++) {
    const server = options.servers[sent.tries % options.servers.length];
    try {
      last = await postChat(server!, await options.person.token(), sent, options.conversationId, giveUpAt - began);
      const turn_id = last.body?.turn_id;
      if (typeof turn_id === 'string') {
        // The question's own id is in no HTTP answer.
        const conversation_id = last.body.conversation_id ?? options.conversationId ?? '';
        sent.ack = { turn_id, message_id: null, conversation_id, at: Date.now() };
      }
      if (last.status !== 503 && last.status !== 429) break;
    } catch {
      // Cut off: nothing is known, so the same key goes to the next server.
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  return { sent, outcome: { ...last, ms: Date.now() - began } };
}

async function postChat(
  server: Address,
  token: string,
  sent: Sent,
  conversation_id: string | undefined,
  ms: number,
): Promise<HttpOutcome> {
  const began = Date.now();
  const response = await fetch(`${server.url}/api/acme/chat`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': sent.clientMessageId,
    },
    body: JSON.stringify({
      content: sent.content,
      agent: 'linkedin',
      ...(conversation_id === undefined ? {} : { conversation_id }),
    }),
    signal: AbortSignal.timeout(ms),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text), ms: Date.now() - began };
}
