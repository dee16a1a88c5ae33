const common = require('./common.cjs');

module.exports = {
  ...common,
  displayName: 'e2e',
  testMatch: [
    '<rootDir>/test/e2e/**/*.e2e-spec.ts',
    // Production mode wants a real Postgres.
    ...(process.env.DATABASE_URL ? ['<rootDir>/test/e2e/**/*.postgres-spec.ts'] : []),
  ],
};
