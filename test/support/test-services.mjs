// `npm run test:services`: the integration and e2e suites against a real Postgres and Redis.
import { spawn } from 'node:child_process';

const missing = ['DATABASE_URL', 'REDIS_URL'].filter((name) => !process.env[name]);
if (missing.length > 0) {
  console.error(
    `Set ${missing.join(' and ')} to a Postgres 17 with pgvector and a Redis that tests may fill and empty.`,
  );
  process.exit(2);
}
const jest = ['node_modules/jest/bin/jest.js', ...process.argv.slice(2), '--selectProjects', 'integration', 'e2e'];
spawn(process.execPath, jest, { stdio: 'inherit' }).on('close', (code) => process.exit(code ?? 1));
