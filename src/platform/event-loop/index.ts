export { inOneGo, inSlices, Pace } from './pace.js';
