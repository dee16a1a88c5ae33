const common = require('./common.cjs');

module.exports = {
  ...common,
  displayName: 'integration',
  testMatch: [
    ...['integration', 'contract', 'evals'].map((folder) => `<rootDir>/test/${folder}/**/*.int-spec.ts`),
    // What only a Postgres of its own can show (`npm run test:services`): plans of its optimizer, two transactions side by side.
    ...(process.env.DATABASE_URL ? ['<rootDir>/test/integration/**/*.postgres-spec.ts'] : []),
  ],
};
