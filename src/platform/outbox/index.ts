/**
 * What happened and must not be forgotten, though the process dies: rows that are written in the commit of the fact.
 *
 *   a module ── publishEvent(tx, type, ids) ─▶ app.outbox ─▶ takeEvents(tx) ── EventReaders ─▶ whoever tells others
 *
 * A row holds ids only. What they stand for is read when it is told, by the reader that the module registered; nothing here
 * knows what an event means, nor who wants to hear it. (`outside` rows; the others are words between modules of ours.)
 */
export { EVENT_TYPES, type EventSubject, type EventType } from './event-types.js';
export { publishEvent, takeEvents, tenantsWithEvents, type WaitingEvent } from './outbox.js';
export { type EventReader, EventReaders } from './event-readers.js';
export { OutboxModule } from './outbox.module.js';
