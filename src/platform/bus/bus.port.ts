/** Plain JSON. Without text where the bus does not carry it (`carriesText`). */
export type BusMessage = Readonly<Record<string, unknown>>;

export type BusDriver = 'memory' | 'postgres' | 'redis';

/**
 * News between the instances of one installation. It only wakes and carries what is live; the database is the truth, so
 * whatever a message says can also be found there, later. Nothing here is awaited and nothing throws: an installation
 * whose bus is gone is slower to notice, not wrong.
 */
export abstract class Bus {
  /** This process on the bus: a uuid, new with each start. */
  abstract readonly instance: string;

  /** True where messages may carry text (memory, Redis); false: ids and numbers only, at most 7 kB (Postgres NOTIFY). */
  abstract readonly carriesText: boolean;

  /** What carries it. */
  abstract readonly driver: BusDriver;

  /** Whether it is carried at the moment. */
  abstract readonly connected: boolean;

  /** Other instances heard of within the last 10 s (hello every 3 s; bye on shutdown). In memory, cheap. */
  abstract peers(): ReadonlySet<string>;

  /** To every other instance. Fire and forget: never throws, never awaited, dropped while there are no peers. Order kept per sender. */
  abstract broadcast(topic: string, message: BusMessage): void;

  /** To one other instance. Same promises. */
  abstract send(instance: string, topic: string, message: BusMessage): void;

  /** Own messages are not delivered. A handler's failure is logged and is its own. @returns ends the subscription */
  abstract on(topic: string, handler: (message: BusMessage, from: string) => void): () => void;

  /** Called when messages may have been lost (connection lost and back): listeners then ask the database. */
  abstract onGap(handler: () => void): () => void;

  /** When a peer is first heard of, or has gone. */
  abstract onPeers(handler: () => void): () => void;
}
