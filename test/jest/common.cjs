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
    'preact',
  ],
  ...['markdown-it', 'entities', 'linkify-it', 'mdurl', 'uc\\.micro', 'punycode\\.js'],
];

/** @param {object} parser @param {object} transform */
const swc = (parser, transform) => [
  '@swc/jest',
  {
    swcrc: false,
    jsc: { target: 'es2022', parser: { syntax: 'typescript', ...parser }, transform, keepClassNames: true },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  },
];

const common = {
  rootDir: '../..',
  testEnvironment: 'node',
  transform: {
    '^.+\\.m?[tj]s$': swc(
      { tsx: false, decorators: true },
      { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    ),
    // What the pages draw.
    '^.+\\.tsx$': swc({ tsx: true }, { react: { runtime: 'automatic', importSource: 'preact' } }),
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
