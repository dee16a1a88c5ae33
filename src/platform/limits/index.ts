/**
 * Counting how often somebody does something, over all instances where Redis is at hand, and letting work wait its turn. What
 * is limited, and how it is said, is the business of the modules that make limiters here.
 */
export { type Limiter, type LimiterOptions, Limiters } from './limiters.js';
export { take } from './taking.js';
export { Lanes } from './lanes.js';
export { KeyedLanes } from './keyed-lanes.js';
export { LimitsModule } from './limits.module.js';
