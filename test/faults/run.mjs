// `npm run test:faults`: the short suite. `npm run test:faults -- --minutes 30 [--kills 300]`: what has a scale of its own, at
// that of a release, the storm for that long; `-- storm --minutes 30` the storm alone.
// Other arguments go to Jest: `npm run test:faults -- take-over -t 'poison'`.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

/** Specs that do more when they are given the time. */
const SCALED = [
  ...['storm', 'tool-effects', 'providers', 'half-open', 'ingestion', 'double-submit', 'double-text', 'resume', 'pool'],
  ...['restart', 'database-away'],
];

const { positionals, values, tokens } = parseArgs({
  options: {
    minutes: { type: 'string' },
    kills: { type: 'string' },
    help: { type: 'boolean', default: false },
    // Jest's own that take a value: it is no name of a spec.
    testNamePattern: { type: 'string', short: 't' },
    maxWorkers: { type: 'string', short: 'w' },
  },
  allowPositionals: true,
  strict: false,
  tokens: true,
});
if (values.help) {
  console.log(`Faults on several instances, on the Postgres in DATABASE_URL; with REDIS_URL also by way of Redis.
  storm           only specs whose path holds this word
  --minutes 30    at the scale of a release: ${SCALED.join(', ')}; the storm this long
  --kills 300     how often the storm kills a server (default: ten a minute)`);
  process.exit(0);
}
if (!process.env.DATABASE_URL) {
  console.error(
    'Set DATABASE_URL to a Postgres 17 with pgvector on which tests may make databases: two servers share one.',
  );
  process.exit(2);
}
if (!process.env.REDIS_URL) console.log('REDIS_URL is not set: the half of the suite that needs Redis is left out.');

const env = { ...process.env };
for (const name of ['minutes', 'kills']) {
  if (values[name] === undefined) continue;
  const number = Number(values[name]);
  if (!(number > 0)) {
    console.error(`--${name} wants a number above 0, not ${values[name]}`);
    process.exit(2);
  }
  env[`FAULTS_${name.toUpperCase()}`] = String(number);
}
const ours = new Set(['minutes', 'kills']);
const rest = process.argv.slice(2).filter((_, at) => {
  const token = tokens.find(
    (one) => one.index === at || (one.kind === 'option' && one.index === at - 1 && !one.inlineValue),
  );
  return !(token?.kind === 'option' && ours.has(token.name));
});
const only =
  values.minutes === undefined || positionals.length > 0 ? [] : SCALED.map((name) => `faults/${name}\\.faults-spec`);
// Most scenarios wait: two files go side by side. A long run has the machine to itself.
const workers = rest.some((one) => /^(-w|-i|--maxWorkers|--runInBand)/.test(one))
  ? []
  : [values.minutes === undefined ? '--maxWorkers=2' : '--runInBand'];
const jest = ['node_modules/jest/bin/jest.js', ...['--config', 'test/jest/faults.cjs'], ...workers, ...only, ...rest];
spawn(process.execPath, jest, { stdio: 'inherit', env }).on('close', (code) => process.exit(code ?? 1));
