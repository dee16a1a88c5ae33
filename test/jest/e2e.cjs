const common = require('./common.cjs');

module.exports = {
  ...common,
  displayName: 'e2e',
  testMatch: ['<rootDir>/test/e2e/**/*.e2e-spec.ts'],
  // Each starts servers, and the first of a build waits for the demo data.
  testTimeout: 90_000,
};
