/** Browser origins as operators and tenants list them, and which of their entries mean a page that calls. */
export { isListed, isOriginPattern, ORIGIN_PATTERN_HINT, patternsFor } from './origin-pattern.js';
