import { asError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';

export type EventClass<E extends object> = abstract new (...args: never[]) => E;
export type EventHandler<E extends object> = (event: E) => void | Promise<void>;

/** How an event travels to the other instances: as its own fields, which are ids and numbers, and few. */
export interface SharedEvent<E extends object> {
  /** What other instances, perhaps of another version, know it by. */
  readonly name: string;
  /** Makes the event from its fields again. */
  readonly schema: z.ZodType<E>;
}

/** Takes a shared event to the other instances; never throws. */
export type EventCarrier = (name: string, fields: Readonly<Record<string, unknown>>) => void;

/**
 * Handlers run one after the other in the order of registration, after the publisher has gone on.
 *
 *   publish ──▶ listeners here
 *      └─ shared ──▶ carrier ──▶ every other instance: receive ──▶ listeners there, and no further
 */
@Injectable()
export class EventBus {
  private readonly handlers = new Map<EventClass<object>, Set<EventHandler<never>>>();
  private readonly sharedByClass = new Map<EventClass<object>, SharedEvent<object>>();
  private readonly sharedByName = new Map<string, SharedEvent<object>>();
  private carrier: EventCarrier | null = null;

  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  /** @returns a function that ends the subscription */
  on<E extends object>(event: EventClass<E>, handler: EventHandler<E>): () => void {
    const listening = this.handlers.get(event) ?? new Set<EventHandler<never>>();
    this.handlers.set(event, listening.add(handler));
    return () => void listening.delete(handler);
  }

  /** From now on what is published of this class is news for every instance. Declared by the module that owns the event. */
  share<E extends object>(event: EventClass<E>, shared: SharedEvent<E>): void {
    const known = this.sharedByName.get(shared.name);
    if (known !== undefined && known !== this.sharedByClass.get(event)) {
      throw new Error(`Two events are shared as ${shared.name}`);
    }
    this.sharedByClass.set(event, shared);
    this.sharedByName.set(shared.name, shared);
  }

  /** Never throws: a listener's failure is its own and is logged. Resolves when every listener here has finished. */
  async publish(event: object): Promise<void> {
    const shared = this.sharedByClass.get(event.constructor as EventClass<object>);
    if (shared !== undefined) this.carrier?.(shared.name, { ...event });
    await this.tell(event);
  }

  /** Called once, by whoever connects the instances. */
  carryBy(carrier: EventCarrier): void {
    this.carrier = carrier;
  }

  /** An event of another instance. What is not known here, or does not read as it should, is dropped: it was news, no more. */
  async receive(name: string, fields: unknown): Promise<void> {
    const read = this.sharedByName.get(name)?.schema.safeParse(fields);
    if (read === undefined || !read.success) {
      this.logger.debug({ event: name }, 'an event of another instance is not known here');
      return;
    }
    await this.tell(read.data);
  }

  private async tell(event: object): Promise<void> {
    for (const handler of this.handlers.get(event.constructor as EventClass<object>) ?? []) {
      try {
        await handler(event as never);
      } catch (error) {
        this.logger.error({ err: asError(error), event: event.constructor.name }, 'a listener failed');
      }
    }
  }
}
