// What the built product promises to its clients, as generated text: `openapi.json`, `frames.schema.json` and, of that, the types
// of the client library's frames (`src/sdk/frames.ts`).
//   node test/contract/contract.mjs            fails with a diff when the committed text is not what the build says
//   node test/contract/contract.mjs --write    writes it, and schema.sql (`npm run contract`)
// It needs no database: the application is only described (Nest's preview), never started.
import 'reflect-metadata';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { frameTypes } from './frame-types.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const built = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);

const [{ NestFactory }, { ModulesContainer }, { AppModule }, config, logging, http, channels, { version }] =
  await Promise.all([
    import('@nestjs/core'),
    import('@nestjs/core'),
    built('app.module.js'),
    built('platform/config/index.js'),
    built('platform/logging/index.js'),
    built('platform/http/index.js'),
    built('channels/index.js'),
    built('version.js'),
  ]);

const logger = logging.createLogger({ level: 'silent' });
const app = await NestFactory.create(
  AppModule.forRoot({
    config: config.loadConfig({ LOG_LEVEL: 'silent' }),
    logger,
    dataSource: {},
    databaseUrl: 'postgres://unused',
    databaseLogin: 'powerless',
  }),
  { preview: true, logger: false, abortOnError: false },
);

const undecorated = routesWithoutAccess();
const frames = sorted(channels.frameSchemaDocument());
const typesFile = '../../src/sdk/frames.ts';
const documents = {
  'openapi.json': asText(sorted(http.openApiDocument(app, version))),
  'frames.schema.json': asText(frames),
  [typesFile]: await frameTypes(frames, join(here, typesFile)),
};

let failed = undecorated.length > 0;
for (const route of undecorated)
  console.error(`${route} says nothing about who may call it: add @Public, @SignedIn or @RequirePermission`);
for (const [name, text] of Object.entries(documents)) {
  const file = join(here, name);
  const path = relative(join(here, '../..'), file);
  if (process.argv.includes('--write')) {
    writeFileSync(file, text);
    console.log(`wrote ${path}`);
  } else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    failed = true;
    console.error(`${path} is not what the build says; look at the difference, then: npm run contract`);
    console.error(difference(file, text));
  }
}
if (process.argv.includes('--write')) {
  const jest = ['node_modules/jest/bin/jest.js', 'test/contract/schema'];
  const env = { ...process.env, WRITE_CONTRACT: 'true' };
  failed = spawnSync(process.execPath, jest, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0 || failed;
  console.log('wrote test/contract/schema.sql');
}
process.exit(failed ? 1 : 0);

function asText(document) {
  return `${JSON.stringify(document, null, 2)}\n`;
}

function routesWithoutAccess() {
  const found = [];
  for (const module of app.get(ModulesContainer).values()) {
    for (const { metatype } of module.controllers.values()) {
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(metatype.prototype))) {
        if (name === 'constructor' || typeof value !== 'function' || !Reflect.hasMetadata('path', value)) continue;
        const said = Reflect.getMetadata(http.ACCESS, value) ?? Reflect.getMetadata(http.ACCESS, metatype);
        if (said === undefined) found.push(`${metatype.name}.${name}`);
      }
    }
  }
  return found;
}

/** Keys in order, so that moving a controller is no change; lists keep theirs. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]));
}

function difference(file, text) {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-contract-'));
  try {
    writeFileSync(join(folder, 'built'), text);
    const known = existsSync(file) ? file : '/dev/null';
    const { stdout } = spawnSync('git', ['diff', '--no-index', '--no-color', '-U2', known, join(folder, 'built')], {
      encoding: 'utf8',
    });
    return (stdout ?? '').split('\n').slice(4, 64).join('\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
