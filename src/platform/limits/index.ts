/**
 * Counting how often somebody does something, over all instances where Redis is at hand. What is limited, and how it is
 * said, is the business of the modules that make limiters here.
 */
export { type Limiter, type LimiterOptions, Limiters } from './limiters.js';
export { LimitsModule } from './limits.module.js';
