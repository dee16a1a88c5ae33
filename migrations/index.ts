import { Initial1763700000000 } from './1763700000000-Initial.js';

/** Every migration, oldest first. A merged one is never edited. */
export const MIGRATIONS = [Initial1763700000000];
