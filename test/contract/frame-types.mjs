import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@hey-api/openapi-ts';
import { format, resolveConfig } from 'prettier';

const HEADER = `/**
 * The frames of the chat socket, as the server's schemas validate and document them. Made by \`npm run contract\`: change the
 * schemas in src/channels/protocol instead.
 */
`;

/**
 * TypeScript of the frames, for the client library.
 * @param document JSON Schema of the frames, as `frames.schema.json`
 * @param file where it will stand, for its format
 */
export async function frameTypes(document, file) {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-frames-'));
  try {
    const { $defs, client, server } = JSON.parse(
      JSON.stringify(document).replaceAll('"#/$defs/', '"#/components/schemas/'),
    );
    const schemas = { ...$defs, ClientFrame: client, ServerFrame: server };
    const input = join(folder, 'document.json');
    const info = { title: 'frames', version: '1' };
    await writeFile(input, JSON.stringify({ openapi: '3.1.0', info, paths: {}, components: { schemas } }));
    const output = join(folder, 'types');
    await createClient({ input, output, plugins: ['@hey-api/typescript'], logs: { level: 'silent' } });
    const text = await readFile(join(output, 'types.gen.ts'), 'utf8');
    const types = text.slice(text.indexOf('};', text.indexOf('export type ClientOptions')) + 2);
    return await format(HEADER + types, { ...(await resolveConfig(file)), parser: 'typescript' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
