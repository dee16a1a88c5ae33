// Builds when the sources differ from what `dist` was built from; otherwise it costs some milliseconds of `npm start`.
// Plain JavaScript, since it runs before there is a build. `--stamp` records what was just built.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const stampFile = join(root, 'dist', '.built-from');
const INPUTS = ['src', 'migrations', 'package.json', 'nest-cli.json', '.swcrc', 'tsconfig.json', 'tsconfig.build.json'];

if (process.argv.includes('--stamp')) writeFileSync(stampFile, fingerprint());
else if (!existsSync(join(root, 'src'))) {
  // An image holds only the build.
} else if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== fingerprint()) build();

function build() {
  const startedAt = performance.now();
  process.stderr.write('building…\n');
  // npm's own script when started by npm; the shell finds npm on Windows too.
  const npm = process.env['npm_execpath'];
  const options = { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] };
  const built =
    npm !== undefined && /\.[cm]?js$/.test(npm)
      ? spawnSync(process.execPath, [npm, 'run', '--silent', 'build'], options)
      : spawnSync('npm run --silent build', { ...options, shell: true });
  if (built.status !== 0) {
    process.stderr.write(
      `${built.stdout ?? ''}${built.stderr ?? ''}${built.error?.message ?? ''}\nThe build failed.\n`,
    );
    process.exit(1);
  }
  process.stderr.write(`built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
}

/** Names, sizes and times of every input: also sees a file that is gone or older than the last build. */
function fingerprint() {
  const hash = createHash('sha256').update(process.version.split('.')[0]);
  const visit = (path, name) => {
    const info = statSync(path, { throwIfNoEntry: false });
    if (info === undefined) return;
    if (info.isDirectory()) {
      for (const child of readdirSync(path).sort()) visit(join(path, child), `${name}/${child}`);
    } else if (!/\.spec\.tsx?$/.test(name)) {
      hash.update(`${name} ${info.size} ${info.mtimeMs}\n`);
    }
  };
  for (const input of INPUTS) visit(join(root, input), input);
  return hash.digest('hex');
}
