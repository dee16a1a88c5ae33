/**
 * News inside one process. A module below says what happened with a past-tense class; whoever stands above listens. The
 * class is the key and the type of its payload, so publisher and listener cannot disagree. What must survive the process
 * goes through the outbox table instead.
 */
export { EventBus, type EventClass, type EventHandler } from './event-bus.js';
export { EventsModule } from './events.module.js';
