/**
 * Where the program's own files are. The one place that knows, because `import.meta` does not survive the CommonJS
 * transform that Jest needs, and child processes must be found both from `dist` and from a test.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The folder with the product's `package.json`: above the started script, else above the working directory. */
export const projectRoot: string = findProjectRoot();

/** The product's version, from its package.json. */
export const version: string = String(
  (JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: unknown }).version,
);

/** A file of the build, by its path below `dist` (`'rag/parsing/parser.child.js'`). */
export function builtFile(relativePath: string): string {
  return join(projectRoot, 'dist', relativePath);
}

function findProjectRoot(): string {
  for (const start of [process.argv[1], process.cwd()]) {
    for (let folder = resolve(start ?? '.'); ; folder = dirname(folder)) {
      if (isProject(folder)) return folder;
      if (dirname(folder) === folder) break;
    }
  }
  return process.cwd();
}

function isProject(folder: string): boolean {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return false;
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'name' in parsed && parsed.name === 'switchboard';
}
