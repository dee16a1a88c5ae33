import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#platform/paths';

/** The product's version, from its package.json. */
export const version: string = String(
  (JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: unknown }).version,
);
