import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '#platform/paths';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const DOCUMENT = join(projectRoot, 'test/contract/openapi.json');

export interface GeneratedOperation {
  readonly operationId: string;
  readonly parameters?: readonly { name: string; in: string; required?: boolean; schema?: { type?: string } }[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

interface Call {
  readonly url: string;
  readonly token: string | undefined;
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Absent: the document's own example. */
  readonly body?: unknown;
}

/** One function for each operation, by its id. */
export type GeneratedCalls = Readonly<
  Record<string, (call: Call) => Promise<{ data?: unknown; error?: unknown; response?: Response }>>
>;

/**
 * A client as somebody who integrates the product makes it: by `@hey-api/openapi-ts`, from the committed document, and a call
 * of each operation with its path, its required query and its example. Both are compiled under the project's own strictness, so
 * that an example that its own schema refuses, or an operation that cannot be called, is a type error.
 * @throws what the compiler says
 */
export async function generateClient(
  operations: readonly GeneratedOperation[],
): Promise<{ calls: GeneratedCalls; dispose: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-client-'));
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    await symlink(join(projectRoot, 'node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    await writeFile(join(folder, 'generate.mjs'), generation(folder));
    node(folder, ['generate.mjs']);
    await writeFile(join(folder, 'calls.ts'), callsOf(operations));
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(strictness(folder)));
    node(folder, [join(projectRoot, 'node_modules/ts7/bin/tsc'), '-p', '.', '--noEmit']);
    const outfile = join(folder, 'calls.cjs');
    await build({ entryPoints: [join(folder, 'calls.ts')], bundle: true, platform: 'node', format: 'cjs', outfile });
    const { calls } = (await import(outfile)) as { calls: GeneratedCalls };
    return { calls, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** The operations of a document. */
export function operationsOf(document: {
  paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}): GeneratedOperation[] {
  return Object.values(document.paths).flatMap((methods) =>
    METHODS.flatMap((method) => (methods[method] === undefined ? [] : [methods[method] as GeneratedOperation])),
  );
}

/** What answers in events alone has no status that the generated client shows. */
export function onlyEvents({ responses }: GeneratedOperation): boolean {
  return Object.keys(responses['200']?.content ?? {}).join() === 'text/event-stream';
}

function generation(folder: string): string {
  const generator = pathToFileURL(join(projectRoot, 'node_modules/@hey-api/openapi-ts/dist/index.mjs')).href;
  const options = {
    input: DOCUMENT,
    output: { path: join(folder, 'client'), module: { extension: '.js' } },
    plugins: ['@hey-api/typescript', '@hey-api/sdk', '@hey-api/client-fetch'],
    logs: { level: 'silent', file: false },
  };
  return `import { createClient } from ${JSON.stringify(generator)};\nawait createClient(${JSON.stringify(options)});\n`;
}

function strictness(folder: string): object {
  return {
    extends: join(projectRoot, 'tsconfig.json'),
    // Of the browser's names, which the generated client uses.
    compilerOptions: { rootDir: folder, lib: ['ES2023', 'DOM', 'DOM.Iterable'], types: ['node'] },
    include: ['client', 'calls.ts'],
    exclude: [],
  };
}

function callsOf(operations: readonly GeneratedOperation[]): string {
  const lines = operations
    .filter((operation) => !onlyEvents(operation))
    .map((operation) => {
      const { content } = operation.requestBody ?? {};
      const example = content?.['application/json']?.example;
      const body = content === undefined ? [] : [`body: ${JSON.stringify(example ?? {})}`];
      const members = [...of('path', operation), ...of('query', operation), ...body, 'client: clientOf(call)'];
      const overridden = content === undefined ? '' : `, ...('body' in call ? { body: call.body as never } : {})`;
      const name = operation.operationId.replace(/_(\w)|^(\w)/g, (_, inner: string, first: string) =>
        inner === undefined ? first.toLowerCase() : inner.toUpperCase(),
      );
      return `  ${JSON.stringify(operation.operationId)}: (call: Call) => sdk.${name}({ ${members.join(', ')}${overridden} }),`;
    });
  return [
    "import { createClient, createConfig } from './client/client/index.js';",
    "import * as sdk from './client/sdk.gen.js';",
    'interface Call { url: string; token?: string; path: Record<string, string>; query: Record<string, string>; body?: unknown }',
    'const clientOf = ({ token, url }: Call) => createClient(createConfig({ baseUrl: url, auth: () => token }));',
    'export const calls = {',
    ...lines,
    '};',
  ].join('\n');
}

function of(place: 'path' | 'query', { parameters = [] }: GeneratedOperation): string[] {
  const members = parameters
    .filter((parameter) => parameter.in === place && (place === 'path' || parameter.required === true))
    .map(({ name, schema }) => {
      const value = `(call.${place}[${JSON.stringify(name)}] ?? '')`;
      return `${JSON.stringify(name)}: ${schema?.type === 'integer' ? `Number(${value})` : value}`;
    });
  return members.length === 0 ? [] : [`${place}: { ${members.join(', ')} }`];
}

function node(cwd: string, args: readonly string[]): void {
  const { status, stderr, stdout } = spawnSync(process.execPath, [...args], { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')} failed:\n${stdout}${stderr}`);
}
