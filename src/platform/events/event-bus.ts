import { asError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { Inject, Injectable } from '@nestjs/common';

export type EventClass<E extends object> = abstract new (...args: never[]) => E;
export type EventHandler<E extends object> = (event: E) => void | Promise<void>;

/** Handlers run one after the other in the order of registration, after the publisher has gone on. */
@Injectable()
export class EventBus {
  private readonly handlers = new Map<EventClass<object>, Set<EventHandler<never>>>();

  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  /** @returns a function that ends the subscription */
  on<E extends object>(event: EventClass<E>, handler: EventHandler<E>): () => void {
    const listening = this.handlers.get(event) ?? new Set<EventHandler<never>>();
    this.handlers.set(event, listening.add(handler));
    return () => void listening.delete(handler);
  }

  /** Never throws: a listener's failure is its own and is logged. Resolves when every listener has finished. */
  async publish(event: object): Promise<void> {
    for (const handler of this.handlers.get(event.constructor as EventClass<object>) ?? []) {
      try {
        await handler(event as never);
      } catch (error) {
        this.logger.error({ err: asError(error), event: event.constructor.name }, 'a listener failed');
      }
    }
  }
}
