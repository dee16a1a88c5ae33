/**
 * News between instances: who else lives, and what just happened there. A port and three drivers (memory, Postgres
 * LISTEN/NOTIFY, Redis) behind one conformance suite. Any module may send and listen by topic; nothing may rely on
 * delivery, since the database is the truth and `onGap` says when to ask it.
 */
export { Bus, type BusDriver, type BusMessage } from './bus.port.js';
export { BusModule } from './bus.module.js';
export { memoryBus, MemoryHub } from './memory.bus.js';
export type { BusPace, PeerBus, PeerBusOptions } from './peer.bus.js';
export { postgresBus } from './postgres.bus.js';
export { redisBus } from './redis.bus.js';
