/**
 * News. A module below says what happened with a past-tense class; whoever stands above listens. The class is the key and
 * the type of its payload, so publisher and listener cannot disagree. Events stay inside the process, but for those that
 * their module shares: these are heard on every instance, unless the bus loses them (`NewsMissed`). What must survive the
 * process goes through the outbox table instead.
 */
export { EventBus, type EventClass, type EventHandler, type SharedEvent } from './event-bus.js';
export { EventsModule } from './events.module.js';
export { NewsMissed } from './news-missed.js';
