import { z } from 'zod';
import { CLIENT_FRAMES } from './client-frames.js';
import { SERVER_FRAMES } from './server-frames.js';

/**
 * The frames as one JSON Schema document, from the schemas that validate them: `$defs` holds each frame by its name,
 * `client` and `server` list the ones of either direction. Committed as `test/contract/frames.schema.json`.
 */
export function frameSchemaDocument(): Record<string, unknown> {
  const client = defsOf(CLIENT_FRAMES, 'input');
  const server = defsOf(SERVER_FRAMES, 'output');
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Frames of the chat socket',
    description:
      'A client frame may leave `type` out (user_message), spell `content` as `message` or `prompt`, `conversation_id` as ' +
      '`session_id`, and the type `abort` as `/abort`.',
    client: { oneOf: client.names.map(referTo) },
    server: { oneOf: server.names.map(referTo) },
    $defs: { ...client.defs, ...server.defs },
  };
}

function defsOf(
  frames: Readonly<Record<string, z.ZodType>>,
  io: 'input' | 'output',
): { names: string[]; defs: Record<string, unknown> } {
  const names = Object.values(frames).map((schema) => String(schema.meta()?.['id']));
  const union = z.union(Object.values(frames) as [z.ZodType, z.ZodType]);
  const { $defs } = z.toJSONSchema(union, { io, reused: 'inline', unrepresentable: 'throw' }) as {
    $defs?: Record<string, Record<string, unknown>>;
  };
  return { names, defs: $defs ?? {} };
}

function referTo(name: string): { $ref: string } {
  return { $ref: `#/$defs/${name}` };
}
