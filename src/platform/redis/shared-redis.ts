import { asError } from '#platform/errors';
import type { Logger } from '#platform/logging';
import { type Command, Redis } from 'ioredis';

export interface SharedRedisOptions {
  readonly url: string;
  /** Before every key: several installations may share a Redis. */
  readonly prefix: string;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
}

/** The longest that anybody waits for an answer, once: then the connection is taken for dead. */
const COMMAND_TIMEOUT_MS = 300;
const CONNECT_TIMEOUT_MS = 2000;
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2000;

/**
 * The one connection for what instances count together. Everything in it can be lost, and nothing waits for it: without a
 * connection a command fails at once, and one that stands and does not answer is given up at the first command that waited
 * 300 ms, so that the next ones fail at once as well. It comes back by itself.
 */
export class SharedRedis {
  readonly client: Redis;
  readonly prefix: string;
  private outage = false;

  constructor({ logger, prefix, url }: SharedRedisOptions) {
    this.prefix = prefix;
    this.client = new ImpatientRedis(url, {
      connectionName: 'switchboard',
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      commandTimeout: COMMAND_TIMEOUT_MS,
      disconnectTimeout: 1,
      keepAlive: 2000,
      retryStrategy: (failures) => Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS),
    });
    const lost = (error: Error) => {
      if (this.outage) return;
      this.outage = true;
      logger.warn({ err: error }, 'Redis is not reachable: each instance counts limits for itself until it is back');
    };
    this.client.on('error', (error: unknown) => lost(asError(error)));
    this.client.on('ready', () => {
      if (this.outage) logger.info('Redis is reachable again');
      this.outage = false;
    });
    this.client.connect().catch(lost);
  }

  /** Removes every key of this installation that holds `part` (an id). */
  async forget(part: string): Promise<void> {
    for await (const keys of this.client.scanStream({ match: `${this.prefix}:*${part}*`, count: 500 })) {
      const found = keys as string[];
      if (found.length > 0) await this.client.unlink(...found);
    }
  }

  close(): void {
    this.client.disconnect();
  }
}

/** A connection on which a command waited in vain is made anew. */
class ImpatientRedis extends Redis {
  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    const sent = super.sendCommand(...args);
    (args[0] as Command).promise.catch((error: unknown) => {
      if (!(error instanceof Error) || error.message !== 'Command timed out' || this.status !== 'ready') return;
      this.emit('error', error);
      this.disconnect(true);
    });
    return sent;
  }
}
