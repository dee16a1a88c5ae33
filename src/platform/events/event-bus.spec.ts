import { createLogger } from '#platform/logging';
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
