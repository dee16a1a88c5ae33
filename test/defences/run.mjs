// `npm run test:defences [-- words]`: takes each defence out in a copy of the project, and wants its test to fail. Words choose
// the attacks whose group or text holds one of them. Tests of the kind `postgres-spec` want DATABASE_URL and REDIS_URL.
import { spawn, execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFENCES } from './index.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const WORKERS = 2;
const PATIENCE_MS = 300_000;
const UNNOTICED = 'is not noticed: every test passes';

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const chosen = Object.entries(DEFENCES)
  .flatMap(([group, defences]) => defences.map((defence) => ({ group, ...defence })))
  .filter(
    ({ group, attack }) =>
      words.length === 0 || words.some((word) => `${group} ${attack}`.toLowerCase().includes(word)),
  );

/** A copy of what git knows or could know, so that the edits never touch the sources. */
function copyOfProject() {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-defences-'));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of listed.toString().split('\0').filter(Boolean)) {
    try {
      cpSync(join(root, file), join(folder, file));
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

const { DATABASE_URL: _database, REDIS_URL: _redis, ...withoutServices } = process.env;

function run(folder, command, args, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE_MS });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    child.on('close', (code) => resolve({ code, output }));
  });
}

const projectOf = (test) =>
  /unit-spec|^src\//.test(test) ? 'unit' : test.startsWith('test/e2e/') ? 'e2e' : 'integration';
const escaped = (text) => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');

/** @returns null when the test failed as it should, else why not */
async function faultOf(folder, { edits, test, name, embedded }) {
  const env = embedded ? withoutServices : process.env;
  const before = edits.map(({ file }) => [join(folder, file), readFileSync(join(folder, file))]);
  const isBuilt = projectOf(test) === 'e2e';
  let built = false;
  try {
    for (const { file, from, to } of edits) {
      const path = join(folder, file);
      const source = readFileSync(path, 'utf8');
      if (source.split(from).length !== 2) return `${file} does not hold the text once: ${from}`;
      writeFileSync(
        path,
        source.replace(from, () => to),
      );
    }
    if (!isBuilt) {
      const fault = await faultOfRun(folder, { test, name, env });
      if (fault !== UNNOTICED) return fault;
    }
    // What is built is what some tests start: the server, the command line, readers of documents.
    built = true;
    await build(folder);
    return await faultOfRun(folder, { test, name, env });
  } finally {
    for (const [path, source] of before) writeFileSync(path, source);
    if (built) await build(folder);
  }
}

async function build(folder) {
  const { code, output } = await run(folder, 'npm', ['run', '--silent', 'build']);
  if (code !== 0) throw new Error(`${folder} does not build:\n${output}`);
}

async function faultOfRun(folder, { test, name, env }) {
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const { output } = await run(
    folder,
    process.execPath,
    [
      'node_modules/jest/bin/jest.js',
      ...['--selectProjects', projectOf(test), '--runTestsByPath', test, '--testNamePattern', escaped(name)],
      ...['--json', '--outputFile', report, '--reporters', 'default', '--runInBand', '--forceExit'],
    ],
    env,
  );
  let result;
  try {
    result = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return `ended without a report:\n${output}`;
  }
  if (result.numFailedTests > 0) return null;
  if (result.numRuntimeErrorTestSuites > 0) return `does not run:\n${output}`;
  if (result.numPassedTests === 0) return `has no test of the name: ${name}`;
  return UNNOTICED;
}

const waiting = [...chosen];
let passed = 0;
let failed = 0;
await Promise.all(
  Array.from({ length: Math.min(WORKERS, chosen.length) }, async () => {
    const folder = copyOfProject();
    try {
      await build(folder);
      for (let defence = waiting.shift(); defence !== undefined; defence = waiting.shift()) {
        const start = Date.now();
        const fault = await faultOf(folder, defence).catch((error) => error.message);
        if (fault === null) passed++;
        else failed++;
        const seconds = ((Date.now() - start) / 1000).toFixed(0).padStart(3);
        console.log(`${fault === null ? '✓' : '✕'} ${seconds} s  ${defence.group}: ${defence.attack}`);
        if (fault !== null) console.log(`  ${defence.test}: ${fault}`);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }),
);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
