import { createLogger } from '#platform/logging';
import { z } from 'zod';
import { EventBus } from './event-bus.js';

class DoorOpened {
  constructor(readonly door: string) {}
}
class DoorClosed {}

describe('EventBus', () => {
  const bus = () => new EventBus(createLogger({ level: 'silent' }));

  it('brings an event to the listeners of its class only', async () => {
    const events = bus();
    const heard: string[] = [];
    events.on(DoorOpened, (event) => void heard.push(event.door));
    events.on(DoorClosed, () => void heard.push('closed'));
    await events.publish(new DoorOpened('front'));
    expect(heard).toEqual(['front']);
  });

  it('goes on to the next listener when one fails', async () => {
    const events = bus();
    const heard: string[] = [];
    events.on(DoorOpened, () => Promise.reject(new Error('deaf')));
    events.on(DoorOpened, (event) => void heard.push(event.door));
    await expect(events.publish(new DoorOpened('back'))).resolves.toBeUndefined();
    expect(heard).toEqual(['back']);
  });

  it('stops after the subscription has ended', async () => {
    const events = bus();
    const heard: string[] = [];
    const stop = events.on(DoorOpened, (event) => void heard.push(event.door));
    stop();
    await events.publish(new DoorOpened('side'));
    expect(heard).toEqual([]);
  });
});

describe('an event that is shared', () => {
  const schema = z.object({ door: z.string().max(20) }).transform(({ door }) => new DoorOpened(door));

  /** Instances whose carriers bring what one publishes to all others, as JSON. */
  function instances(count: number): EventBus[] {
    const all = Array.from({ length: count }, () => new EventBus(createLogger({ level: 'silent' })));
    for (const one of all) {
      one.carryBy((name, fields) => {
        const text = JSON.stringify(fields);
        for (const other of all) if (other !== one) void other.receive(name, JSON.parse(text));
      });
    }
    return all;
  }

  it('is heard once on every instance, and carried no further from there', async () => {
    const all = instances(3);
    const heard = all.map((): string[] => []);
    all.forEach((events, index) => {
      events.share(DoorOpened, { name: 'door.opened', schema });
      events.on(DoorOpened, ({ door }) => void heard[index]?.push(door));
    });
    await all[0]?.publish(new DoorOpened('front'));
    expect(heard).toEqual([['front'], ['front'], ['front']]);
  });

  it('leaves those alone that do not know it, and events that nobody shares', async () => {
    const [a, b] = instances(2);
    const heard: unknown[] = [];
    b?.on(DoorOpened, (event) => void heard.push(event));
    b?.on(DoorClosed, (event) => void heard.push(event));
    a?.share(DoorOpened, { name: 'door.opened', schema });
    await a?.publish(new DoorOpened('front'));
    await a?.publish(new DoorClosed());
    expect(heard).toEqual([]);
  });

  it.each([null, 'door', [], {}, { door: 7 }, { door: 'x'.repeat(21) }])(
    'is dropped when it reads %j',
    async (fields) => {
      const [events] = instances(1);
      const heard: unknown[] = [];
      events?.share(DoorOpened, { name: 'door.opened', schema });
      events?.on(DoorOpened, (event) => void heard.push(event));
      await events?.receive('door.opened', fields);
      expect(heard).toEqual([]);
    },
  );

  it('has a name of its own', () => {
    const [events] = instances(1);
    events?.share(DoorOpened, { name: 'door.opened', schema });
    expect(() => events?.share(DoorOpened, { name: 'door.opened', schema })).not.toThrow();
    expect(() => {
      events?.share(DoorClosed, { name: 'door.opened', schema: z.object({}).transform(() => new DoorClosed()) });
    }).toThrow(/door\.opened/);
  });
});
