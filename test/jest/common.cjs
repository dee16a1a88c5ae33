/** Jest cannot load Nest 12 as ES modules below Node 24.9: sources and these packages become CommonJS for the tests. */
const ES_MODULES_ONLY = [
  ...[
    '@nestjs',
    'pgvector',
    'pg-boss',
    'serialize-error',
    'non-error',
    'tagged-tag',
    'rrule-temporal',
    'temporal-spec',
    'unpdf',
    'd3-dsv',
    'jose',
  ],
  ...['markdown-it', 'entities', 'linkify-it', 'mdurl', 'uc\\.micro', 'punycode\\.js'],
];

const common = {
  rootDir: '../..',
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
  setupFiles: ['<rootDir>/test/jest/watch-held-connections.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};

/** What the three kinds of tests share: unit (beside the source), integration (a real database), e2e (the built server). */
module.exports = common;
