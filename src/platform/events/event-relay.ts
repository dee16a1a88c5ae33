import { Bus } from '#platform/bus';
import { Inject, Injectable, type OnModuleInit, Optional } from '@nestjs/common';
import { EventBus } from './event-bus.js';
import { NewsMissed } from './news-missed.js';

const TOPIC = 'event';

/** Takes shared events over the bus, there and back. Without a bus there is one instance, and nothing to do. */
@Injectable()
export class EventRelay implements OnModuleInit {
  constructor(
    private readonly events: EventBus,
    @Optional() @Inject(Bus) private readonly bus: Bus | null,
  ) {}

  onModuleInit(): void {
    const { bus, events } = this;
    if (bus === null) return;
    events.carryBy((name, fields) => bus.broadcast(TOPIC, { name, fields }));
    bus.on(TOPIC, ({ fields, name }) => {
      if (typeof name === 'string') void events.receive(name, fields);
    });
    bus.onGap(() => void events.publish(new NewsMissed()));
  }
}
