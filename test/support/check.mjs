// `npm run check`: everything that judges the code without running its tests, side by side, in under a minute.
import { spawn } from 'node:child_process';

/** Fewer modules than this means that the cruise looked past the sources (it once was green on nothing). */
const FEWEST_MODULES = 250;

const node = process.execPath;
const bin = (path) => [node, `node_modules/${path}`];
const STEPS = [
  {
    name: 'format',
    command: [
      ...bin('prettier/bin/prettier.cjs'),
      '--check',
      '--cache',
      '--cache-strategy=content',
      '--log-level=warn',
      '.',
    ],
  },
  { name: 'lint', command: [...bin('oxlint/bin/oxlint'), '--config', '.oxlintrc.json', '.'] },
  { name: 'types', command: [...bin('ts7/bin/tsc'), '-p', '.', '--noEmit'] },
  { name: 'types of the console', command: [...bin('ts7/bin/tsc'), '-p', 'src/console', '--noEmit'] },
  { name: 'types of the client library', command: [...bin('ts7/bin/tsc'), '-p', 'src/sdk', '--noEmit'] },
  { name: 'types of the widget', command: [...bin('ts7/bin/tsc'), '-p', 'src/widget/page', '--noEmit'] },
  {
    name: 'module rules',
    command: [
      ...bin('dependency-cruiser/bin/dependency-cruise.mjs'),
      ...['--config', '.dependency-cruiser.cjs', 'src', 'migrations'],
    ],
    judge: (output) => {
      const modules = Number(/(\d+) modules/.exec(output)?.[1] ?? 0);
      return modules >= FEWEST_MODULES ? undefined : `only ${modules} modules were seen, expected ${FEWEST_MODULES}`;
    },
  },
  { name: 'contracts', command: [node, 'test/contract/contract.mjs'] },
  {
    name: 'API document',
    command: [...bin('@redocly/cli/bin/cli.js'), 'lint', 'test/contract/openapi.json', '--extends=recommended'],
    // It says what it is used for, and looks for a newer one of itself, unless told not to.
    env: { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  },
];

const startedAt = performance.now();
const failed = [];
const waiting = [...STEPS];
// Two at a time: more only take the processors from each other.
await Promise.all([worker(), worker()]);
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
if (failed.length > 0) {
  console.log(`\ncheck failed after ${seconds} s: ${failed.join(', ')}`);
  process.exit(1);
}
console.log(`check passed in ${seconds} s`);

async function worker() {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) await run(step);
}

async function run({ name, command, env, judge }) {
  const began = performance.now();
  const { code, output } = await new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    let text = '';
    child.stdout.on('data', (data) => (text += data));
    child.stderr.on('data', (data) => (text += data));
    child.on('error', (error) => resolve({ code: 1, output: String(error) }));
    child.on('close', (exit) => resolve({ code: exit ?? 1, output: text }));
  });
  const complaint = code === 0 ? judge?.(output) : `exit code ${code}`;
  const took = `${((performance.now() - began) / 1000).toFixed(1)} s`;
  if (complaint === undefined) console.log(`ok    ${name} (${took})`);
  else {
    failed.push(name);
    console.log(`FAIL  ${name} (${took}): ${complaint}\n${output.trimEnd()}`);
  }
}
