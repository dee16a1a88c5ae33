const common = require('./common.cjs');

module.exports = {
  ...common,
  displayName: 'integration',
  testMatch: ['integration', 'contract', 'evals'].map((folder) => `<rootDir>/test/${folder}/**/*.int-spec.ts`),
};
