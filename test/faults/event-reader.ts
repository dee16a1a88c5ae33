import { type ClientRequest, request } from 'node:http';
import type { Frame } from '../support/chat-client.js';
import type { Person } from './cluster.js';
import { type Address, type Journal, RETRY_MS, sameAck, type Sent } from './journal.js';
import type { TurnBook, TurnSeen } from './turn-book.js';
import { eventually } from './waiting.js';

interface EventOptions {
  /** Servers to ask, in this order when one is lost. */
  readonly servers: readonly Address[];
  readonly person: Person;
  readonly name: string;
}

/** A server that accepts and never answers is as good as none. */
const HEAD_MS = 10_000;

/** One stream of server-sent events, read off a connection of its own so that it can be cut. */
class EventSource {
  /** As a browser keeps it: the last `id` that came, whatever it was. */
  lastId = '';
  private request: ClientRequest | null = null;

  /**
   * @returns the status once the stream has ended, however it did; null when there never was an answer
   * @param onFrame called for each event
   */
  async read(
    url: string,
    options: { method: string; headers: Record<string, string>; body?: string },
    onFrame: (frame: Frame) => void,
  ): Promise<{ status: number; text: string } | null> {
    return new Promise((resolve) => {
      const asked = request(url, { method: options.method, headers: options.headers, agent: false });
      this.request = asked;
      const timer = setTimeout(() => asked.destroy(), HEAD_MS);
      asked.on('error', () => undefined);
      asked.on('close', () => {
        clearTimeout(timer);
        resolve(null);
      });
      asked.on('response', (response) => {
        clearTimeout(timer);
        const status = response.statusCode ?? 0;
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (status === 200) text = this.take(text, onFrame);
        });
        response.on('error', () => undefined);
        response.on('close', () => resolve({ status, text }));
      });
      asked.end(options.body);
    });
  }

  destroy(): void {
    this.request?.destroy();
  }

  /** @returns what is not a whole event yet */
  private take(text: string, onFrame: (frame: Frame) => void): string {
    const events = text.split('\n\n');
    const rest = events.pop() ?? '';
    for (const event of events) {
      let data = '';
      for (const line of event.split('\n')) {
        if (line.startsWith('id: ')) this.lastId = line.slice(4);
        else if (line.startsWith('data: ')) data += line.slice(6);
      }
      if (data !== '') onFrame(JSON.parse(data) as Frame);
    }
    return rest;
  }
}

/**
 * Follows a conversation by `GET …/events` as a browser's EventSource does: it comes back when it is cut off, to the next
 * server, with the last id that it saw.
 */
export class EventReader {
  readonly book: TurnBook;
  /** Frames that belong to no turn: `context_restored` first. */
  readonly others: Frame[] = [];
  private readonly source = new EventSource();
  private stopped = false;
  private next = 0;

  constructor(
    journal: Journal,
    private readonly conversationId: string,
    private readonly options: EventOptions & { readonly query?: string; readonly lastEventId?: string },
  ) {
    this.source.lastId = options.lastEventId ?? '';
    this.book = journal.book(options.name, !(options.query ?? '').includes('final=false'));
    journal.keep(this);
    void this.follow();
  }

  /** Until it has been brought up to date. */
  async connected(): Promise<this> {
    await eventually(() => this.others.length > 0, `${this.options.name} to be connected`, 15_000);
    return this;
  }

  done(turnId: string, ms = 15_000): Promise<TurnSeen> {
    return this.seen(turnId, (turn) => turn.dones.length > 0, 'the end', ms);
  }

  seen(turnId: string, what: (turn: TurnSeen) => boolean, label: string, ms?: number): Promise<TurnSeen> {
    return this.book.until(turnId, what, label, ms);
  }

  /** Cuts its own cable; it comes back at once, to the next server. */
  drop(): void {
    this.source.destroy();
  }

  /** Closes for good, having been told all that it is owed. */
  finish(): void {
    this.stopped = true;
    this.source.destroy();
  }

  /** Leaves: nobody owes it anything from here on. */
  stop(): void {
    this.book.staying = false;
    this.finish();
  }

  private async follow(): Promise<void> {
    const { person, query, servers } = this.options;
    for (; !this.stopped; this.next++) {
      const server = servers[this.next % servers.length];
      const token = await person.token().catch(() => null);
      if (this.stopped || server === undefined) return;
      if (token !== null) {
        this.book.connection++;
        const { lastId } = this.source;
        const headers = {
          authorization: `Bearer ${token}`,
          accept: 'text/event-stream',
          ...(lastId === '' ? {} : { 'last-event-id': lastId }),
        };
        const path = `/api/acme/conversations/${this.conversationId}/events`;
        // Without an id it has seen nothing yet: from the beginning.
        const url = `${server.url}${path}?${lastId === '' ? 'after_seq=0&' : ''}${query ?? ''}`;
        const ended = await this.source.read(url, { method: 'GET', headers }, (frame) => this.take(frame));
        // Deleted meanwhile: there is nothing to follow any more.
        if (ended?.status === 404) return;
      }
      await pause(RETRY_MS);
    }
  }

  private take(frame: Frame): void {
    if (typeof frame['turn_id'] !== 'string') this.others.push(frame);
    this.book.take(frame);
  }
}

/**
 * Asks by `POST chat` for events and reads them to the end; sends again, with the same key, to the next server when the
 * stream ends without one.
 */
export class EventAsker {
  readonly book: TurnBook;
  readonly sent: Sent;
  /** When it has been told the end, was refused for good, or gave up. */
  readonly over: Promise<Sent>;
  private readonly source = new EventSource();
  private ended = false;

  constructor(
    journal: Journal,
    private readonly options: EventOptions & {
      readonly content: string;
      readonly conversationId?: string;
      readonly ms?: number;
    },
  ) {
    this.sent = journal.note(options.name, options.content);
    this.book = journal.book(`${options.name} "${options.content}"`);
    journal.keep(this);
    this.over = this.ask();
  }

  /** Cuts its own cable; it asks again at once, at the next server. */
  drop(): void {
    this.source.destroy();
  }

  stop(): void {
    this.book.staying = false;
    this.ended = true;
    this.source.destroy();
  }

  private async ask(): Promise<Sent> {
    const { content, conversationId, person, servers } = this.options;
    const { sent } = this;
    const place = conversationId === undefined ? {} : { conversation_id: conversationId };
    const body = JSON.stringify({ content, agent: 'linkedin', ...place });
    for (const giveUpAt = Date.now() + (this.options.ms ?? 60_000); !this.ended && Date.now() < giveUpAt;) {
      const server = servers[sent.tries % servers.length];
      const token = await person.token().catch(() => null);
      if (server !== undefined && token !== null && !this.ended) {
        sent.tries++;
        this.book.connection++;
        const headers = {
          authorization: `Bearer ${token}`,
          accept: 'text/event-stream',
          'content-type': 'application/json',
          'idempotency-key': sent.clientMessageId,
        };
        const url = `${server.url}/api/acme/chat`;
        const answer = await this.source.read(url, { method: 'POST', headers, body }, (frame) => this.take(frame));
        if (answer !== null && answer.status >= 400 && ![429, 503].includes(answer.status)) {
          sent.refused = { status: answer.status, ...(JSON.parse(answer.text) as Frame) };
          this.ended = true;
        }
      }
      if (!this.ended) await pause(RETRY_MS);
    }
    return sent;
  }

  private take(frame: Frame): void {
    const { book, sent } = this;
    if (frame['type'] === 'ack') {
      const { turn_id, message_id, conversation_id } = frame as NonNullable<Sent['ack']>;
      if (sent.ack === null) sent.ack = { turn_id, message_id, conversation_id, at: Date.now() };
      else if (!sameAck(sent.ack, { turn_id, message_id, conversation_id })) sent.otherAcks.push(frame);
      // A try that was cut off before its answer has told nothing.
      book.turn(turn_id, conversation_id).repeats = sent.tries - 1;
    }
    book.take(frame);
    if (frame['type'] === 'done') this.ended = true;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
