/**
 * Sealed values at rest: which of them this process's keys open, and how all of them are sealed anew with the newest. The
 * columns are described by the modules that own them; nothing here knows what a value is for.
 */
export type { SealedColumn } from './sealed-column.js';
export { assertOpenable, UnopenableValuesError } from './openable.js';
export { type Resealed, resealAll, type ResealOptions } from './reseal.js';
