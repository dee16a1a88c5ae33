import { Socket } from 'node:net';
import { POWERLESS_ROLE } from '#platform/database';
import { asError } from '#platform/errors';
import { Client } from 'pg';
import { PeerBus, type PeerBusOptions } from './peer.bus.js';
import { CLOSE_TIMEOUT_MS, CONNECT_TIMEOUT_MS, reconnectWait, type Wire, type WireListener } from './wire.js';

/** Postgres takes less than 8000 bytes. */
const LIMIT = 7000;
const CHANNEL = 'switchboard';
const MOST_AT_ONCE = 100;
/** Beyond it the database is too slow for us, and late news are worth less than none. */
const MOST_WAITING = 10_000;
const KEEP_ALIVE_MS = 2000;
const QUERY_TIMEOUT_MS = 5000;

const NOTIFY = 'SELECT pg_notify(channel, text) FROM unnest($1::text[], $2::text[]) AS waiting(channel, text)';

interface Waiting {
  readonly channel: string;
  readonly text: string;
}

/**
 * LISTEN and NOTIFY over one connection of its own, beside the pool and outside of every transaction of the product:
 * commits with NOTIFY wait for each other, so that those of turns must not carry any. Its session has the powerless role,
 * and waits for no disk. Texts that wait leave together, one statement at a time.
 */
class PostgresWire implements Wire {
  readonly driver = 'postgres';
  readonly carriesText = false;
  readonly limit = LIMIT;
  private instance = '';
  private listener: WireListener | null = null;
  private connection: { readonly client: Client; readonly socket: Socket } | null = null;
  private waiting: Waiting[] = [];
  private flushing: Promise<void> | null = null;
  private failures = 0;
  private retry: NodeJS.Timeout | undefined;
  private isUp = false;

  constructor(private readonly url: string) {}

  open(instance: string, listener: WireListener): void {
    this.instance = instance;
    this.listener = listener;
    void this.connect();
  }

  publish(to: string | null, text: string): void {
    if (!this.isUp) return;
    if (this.waiting.length >= MOST_WAITING) {
      this.reset(new Error(`${MOST_WAITING} messages wait for the database`));
      return;
    }
    this.waiting.push({ channel: to === null ? CHANNEL : channelOf(to), text });
    this.flushing ??= this.flush();
  }

  reset(reason: Error): void {
    if (this.connection !== null) this.lost(this.connection.client, reason);
  }

  async close(): Promise<void> {
    clearTimeout(this.retry);
    this.listener = null;
    if (this.flushing !== null) await within(this.flushing, CLOSE_TIMEOUT_MS);
    this.isUp = false;
    const { connection } = this;
    this.connection = null;
    if (connection === null) return;
    await within(connection.client.end(), CLOSE_TIMEOUT_MS);
    connection.socket.destroy();
  }

  private async connect(): Promise<void> {
    // Ours, so that it can be destroyed: a client ends by a message, which a dead connection does not take.
    const socket = new Socket();
    const client = new Client({
      connectionString: this.url,
      application_name: 'switchboard bus',
      options: `-c role=${POWERLESS_ROLE} -c synchronous_commit=off`,
      stream: () => socket,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    });
    this.connection = { client, socket };
    client.on('error', (error) => this.lost(client, error));
    client.on('end', () => this.lost(client, new Error('The connection of the bus has ended')));
    client.on('notification', ({ payload }) => {
      if (payload !== undefined && this.connection?.client === client) this.listener?.received(payload);
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}; LISTEN ${channelOf(this.instance)}`);
    } catch (error) {
      this.lost(client, asError(error));
      return;
    }
    if (this.connection?.client !== client) return;
    this.failures = 0;
    this.isUp = true;
    this.listener?.up();
  }

  private lost(client: Client, error: Error): void {
    if (this.connection?.client !== client) return;
    const { socket } = this.connection;
    this.connection = null;
    this.isUp = false;
    this.waiting = [];
    socket.destroy();
    if (this.listener === null) return;
    this.listener.down(error);
    this.retry = setTimeout(() => void this.connect(), reconnectWait(++this.failures));
    this.retry.unref();
  }

  private async flush(): Promise<void> {
    // What is published in one go leaves in one statement.
    await Promise.resolve();
    while (this.waiting.length > 0 && this.connection !== null) {
      const { client } = this.connection;
      const batch = this.waiting.splice(0, MOST_AT_ONCE);
      try {
        await client.query(NOTIFY, [batch.map(({ channel }) => channel), batch.map(({ text }) => text)]);
      } catch (error) {
        this.lost(client, asError(error));
      }
    }
    this.flushing = null;
  }
}

/** In lower case without dashes, so that it needs no quotes. */
function channelOf(instance: string): string {
  return `${CHANNEL}_${instance.replaceAll('-', '')}`;
}

async function within(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}

/** @param url of the product's database */
export function postgresBus(url: string, options: PeerBusOptions): PeerBus {
  return new PeerBus(new PostgresWire(url), options);
}
