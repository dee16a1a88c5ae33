import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#platform/paths';

const read = <T>(file: string): T => JSON.parse(readFileSync(join(projectRoot, file), 'utf8')) as T;

it('editors and graph tools, which read tsconfig.json alone, find what Node finds by package.json', () => {
  const { imports } = read<{ imports: Record<string, { source: string }> }>('package.json');
  const { compilerOptions } = read<{ compilerOptions: { paths: Record<string, string[]> } }>('tsconfig.json');
  expect(compilerOptions.paths).toEqual(
    Object.fromEntries(Object.entries(imports).map(([alias, { source }]) => [alias, [source]])),
  );
});
