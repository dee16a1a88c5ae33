/** Jest cannot load Nest 12 as ES modules below Node 24.9: sources and these packages become CommonJS for the tests. */
const ES_MODULES_ONLY = [
  ...['@nestjs', 'pgvector', 'pg-boss', 'unpdf'],
  ...['markdown-it', 'entities', 'linkify-it', 'mdurl', 'uc\\.micro', 'punycode\\.js'],
];

const common = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.[tj]sx?$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', tsx: false, decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${ES_MODULES_ONLY.join('|')})/)`],
  moduleNameMapper: {
    '^#migrations$': '<rootDir>/migrations/index.ts',
    '^#platform/(.*)$': '<rootDir>/src/platform/$1/index.ts',
    '^#(\\w+)$': '<rootDir>/src/$1/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  testTimeout: 30_000,
};

module.exports = {
  projects: [
    { ...common, displayName: 'unit', testMatch: ['<rootDir>/src/**/*.spec.ts', '<rootDir>/test/**/*.unit-spec.ts'] },
    {
      ...common,
      displayName: 'integration',
      testMatch: ['integration', 'contract', 'evals'].map((folder) => `<rootDir>/test/${folder}/**/*.int-spec.ts`),
    },
    { ...common, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/**/*.e2e-spec.ts'] },
  ],
  maxWorkers: 2,
  reporters: ['default', '<rootDir>/test/support/count-reporter.cjs'],
  collectCoverageFrom: [
    'src/**/*.ts',
    // Composition and children are run by the e2e suites, in processes of their own; components and hooks by the browser test.
    '!src/{main,server,app.module,pages}.ts',
    '!src/**/*.child.ts',
    '!src/**/index.ts',
    '!src/**/*.module.ts',
    '!src/console/hooks.ts',
    '!src/cli/main.ts',
    '!**/*.d.ts',
  ],
  coverageThreshold: { global: { lines: 80, branches: 80 } },
};
