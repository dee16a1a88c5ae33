// `npm run test:node24`: the seeds' dialects against a server that runs on Node 24, whatever Node runs the tests.
import { execFileSync, spawn } from 'node:child_process';

const node24 = execFileSync('npx', ['-y', 'node@24', '-p', 'process.execPath'], { encoding: 'utf8' })
  .trim()
  .split('\n')
  .at(-1);
console.log(`server: ${execFileSync(node24, ['--version'], { encoding: 'utf8' }).trim()}`);
const jest = ['node_modules/jest/bin/jest.js', 'test/e2e/seeds', '--selectProjects', 'e2e'];
const env = { ...process.env, SWITCHBOARD_TEST_NODE: node24 };
spawn(process.execPath, jest, { stdio: 'inherit', env }).on('close', (code) => process.exit(code ?? 1));
