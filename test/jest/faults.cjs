const { tmpdir } = require('node:os');
const { join } = require('node:path');
const common = require('./common.cjs');

// Specs write their figures here, and the reporter prints them as one table.
process.env.FAULTS_FIGURES ??= join(tmpdir(), `switchboard-figures-${process.pid}.jsonl`);

/** Not among the projects of `npm test`: several servers that die need the machine to themselves (`npm run test:faults`). */
module.exports = {
  ...common,
  displayName: 'faults',
  testMatch: ['<rootDir>/test/faults/**/*.faults-spec.ts'],
  // Without Redis there is nothing that it could do.
  testPathIgnorePatterns: process.env.REDIS_URL ? [] : ['redis\\.faults-spec'],
  testTimeout: 180_000,
  maxConcurrency: 8,
  testSequencer: '<rootDir>/test/faults/longest-first.cjs',
  reporters: ['default', '<rootDir>/test/faults/figures-reporter.cjs', '<rootDir>/test/support/count-reporter.cjs'],
};
