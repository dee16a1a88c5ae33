import { atMost } from '#platform/text';
import { z } from 'zod';

/** Bytes of one frame. */
export const MOST_FRAME_BYTES = 64 * 1024;
export const MOST_CONTENT = 16_000;
export const MOST_METADATA_BYTES = 4096;
export const MOST_CLIENT_KEY = 128;
export const MOST_REF = 64;

/** Text that Postgres cannot hold (NUL) or that is half a character; it would come back as something else. */
const UNSTORABLE = /[\0\p{Cs}]/u;
export const STORABLE = 'must not contain NUL characters or halves of surrogate pairs';

export const isStorable = (value: string): boolean => !UNSTORABLE.test(value);

export const refSchema = z
  .string('must be a string')
  .check(...atMost(MOST_REF, `must not exceed ${MOST_REF} characters`))
  .meta({ description: 'Echoed by the direct answers to this frame' });

export const contentSchema = z
  .string('must be a string')
  .min(1, 'must not be empty')
  .check(...atMost(MOST_CONTENT, `must not exceed ${MOST_CONTENT} characters (UTF-16 units)`))
  .refine((value) => value === '' || value.trim() !== '', 'must not be only white space')
  .refine(isStorable, STORABLE)
  .meta({ description: 'What the user says', examples: ['How long does delivery take?'] });

const CONVERSATION_NAME = `must be an id (a UUID), "new", or a key of your own: a string of 1 to ${MOST_CLIENT_KEY} characters or a whole number`;

/** How a client names a conversation; `conversationName` tells the three cases apart. */
export const conversationNameSchema = z
  .union(
    [
      z
        .string()
        .min(1, CONVERSATION_NAME)
        .check(...atMost(MOST_CLIENT_KEY, CONVERSATION_NAME))
        .refine(isStorable, STORABLE),
      z.int().meta({ description: "The client's own number" }),
    ],
    CONVERSATION_NAME,
  )
  .meta({ description: 'A UUID, "new" (also when absent), or a key of the client\'s own' });

export const uuidSchema = z
  .guid('must be a UUID')
  .transform((id) => id.toLowerCase())
  .meta({ description: 'A UUID' });

export const metadataSchema = z
  .record(z.string(), z.unknown(), 'must be an object')
  .refine(fitsMetadata, `must not exceed ${MOST_METADATA_BYTES / 1024} KiB as JSON`)
  .refine((value) => !/\\u0000|\\ud[89a-f]/i.test(JSON.stringify(value)), STORABLE)
  .meta({ description: 'Anything that belongs to the client, at most 4 KiB as JSON' });

export const agentSchema = z
  .string('must be a string')
  .min(1, 'must not be empty')
  .check(...atMost(64, 'must not exceed 64 characters'))
  .refine(isStorable, STORABLE)
  .meta({ description: "An agent's key: skips routing" });

export const formatSchema = z.enum(['markdown', 'html'], 'must be "markdown" or "html"');
export const onDisconnectSchema = z.enum(['continue', 'cancel'], 'must be "continue" or "cancel"');
export const switchSchema = z.boolean('must be true or false');

export const attachmentsSchema = z
  .array(z.string(), 'must be a list of upload ids')
  .max(0, 'this version does not serve attachments yet: send the message without them')
  .meta({ description: 'Ids of uploads; not served yet, so it must be empty' });

/** Stringifying may overflow the stack on an absurdly deep value: that does not fit either. */
function fitsMetadata(value: object): boolean {
  try {
    return Buffer.byteLength(JSON.stringify(value)) <= MOST_METADATA_BYTES;
  } catch {
    return false;
  }
}
