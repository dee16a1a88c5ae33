import { asError } from '#platform/errors';
import { Redis, type RedisOptions } from 'ioredis';
import { PeerBus, type PeerBusOptions } from './peer.bus.js';
import { CLOSE_TIMEOUT_MS, CONNECT_TIMEOUT_MS, reconnectWait, type Wire, type WireListener } from './wire.js';

const LIMIT = 1024 * 1024;
const MOST_ON_THE_WAY = 10_000;

/** Nothing waits for a Redis that is away: a command without a connection fails at once. */
const CONNECTION: RedisOptions = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  connectTimeout: CONNECT_TIMEOUT_MS,
  commandTimeout: CONNECT_TIMEOUT_MS,
  disconnectTimeout: CLOSE_TIMEOUT_MS,
  keepAlive: 2000,
  retryStrategy: reconnectWait,
};

/** PUBLISH and SUBSCRIBE, each on a connection of its own since Redis wants it so. It is up while both are. */
class RedisWire implements Wire {
  readonly driver = 'redis';
  readonly carriesText = true;
  readonly limit = LIMIT;
  private readonly publisher: Redis;
  private readonly subscriber: Redis;
  private listener: WireListener | null = null;
  private subscribed = false;
  private onTheWay = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    url: string,
    private readonly prefix: string,
  ) {
    this.publisher = new Redis(url, { ...CONNECTION, connectionName: 'switchboard-bus' });
    this.subscriber = new Redis(url, { ...CONNECTION, connectionName: 'switchboard-bus' });
  }

  open(instance: string, listener: WireListener): void {
    this.listener = listener;
    for (const client of [this.publisher, this.subscriber]) {
      // One on a connection that works is told by what closes it.
      client.on('error', (error: unknown) => {
        if (client.status !== 'ready') this.listener?.down(asError(error));
      });
      client.on('close', () => {
        if (client === this.subscriber) this.subscribed = false;
        this.listener?.down(new Error('The connection to Redis was closed'));
      });
    }
    this.publisher.on('ready', () => this.upIfBoth());
    this.subscriber.on('ready', () => {
      this.subscriber.subscribe(this.channelOf(null), this.channelOf(instance)).then(
        () => {
          this.subscribed = true;
          this.upIfBoth();
        },
        (error: unknown) => {
          this.listener?.down(asError(error));
          this.subscriber.disconnect(true);
        },
      );
    });
    this.subscriber.on('message', (_channel: string, text: string) => this.listener?.received(text));
    for (const client of [this.publisher, this.subscriber]) client.connect().catch(() => undefined);
  }

  publish(to: string | null, text: string): void {
    if (this.publisher.status !== 'ready') return;
    if (this.onTheWay >= MOST_ON_THE_WAY) {
      this.reset(new Error(`${MOST_ON_THE_WAY} messages wait for Redis`));
      return;
    }
    this.onTheWay++;
    this.last = this.publisher.publish(this.channelOf(to), text).then(
      () => this.onTheWay--,
      () => this.onTheWay--,
    );
  }

  reset(reason: Error): void {
    this.subscribed = false;
    this.listener?.down(reason);
    this.publisher.disconnect(true);
    this.subscriber.disconnect(true);
  }

  async close(): Promise<void> {
    this.listener = null;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    });
    await Promise.race([this.last, late]);
    clearTimeout(timer);
    this.publisher.disconnect();
    this.subscriber.disconnect();
  }

  private upIfBoth(): void {
    if (this.subscribed && this.publisher.status === 'ready') this.listener?.up();
  }

  private channelOf(instance: string | null): string {
    return instance === null ? `${this.prefix}:bus` : `${this.prefix}:bus:${instance}`;
  }
}

/** @param prefix one for each installation: several may share a Redis */
export function redisBus(url: string, prefix: string, options: PeerBusOptions): PeerBus {
  return new PeerBus(new RedisWire(url, prefix), options);
}
