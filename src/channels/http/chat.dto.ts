import { messageSchema, usageSchema } from '#conversations';
import { z } from 'zod';
import { userMessageFrame } from '../protocol/client-frames.js';
import { escalationState } from '../protocol/server-frames.js';
import { contentSchema, conversationNameSchema, formatSchema } from '../protocol/field-schemas.js';

/** The body of `POST chat`: a `user_message` in any of its spellings. Which of them were meant is the protocol's to say. */
export const chatBody = userMessageFrame
  .extend({
    type: z.literal('user_message').optional(),
    content: contentSchema.optional(),
    message: contentSchema.optional().meta({ description: 'Another spelling of `content`' }),
    prompt: contentSchema.optional().meta({ description: 'Another spelling of `content`' }),
    session_id: conversationNameSchema
      .optional()
      .meta({ description: 'A key of your own for the conversation: its first use creates it' }),
  })
  .meta({ id: 'ChatRequest', example: { content: 'How long does delivery take?' } });

export const chatAnswer = z
  .object({
    status: z.enum(['completed', 'cancelled', 'input_required', 'handed_off']),
    message: messageSchema.nullable(),
    payloads: z.array(
      z.object({
        payload_type: z.string(),
        items: z.array(z.unknown()),
        offset: z.int().optional().meta({ description: 'Its place in the text' }),
      }),
    ),
    input_required: z.null(),
    escalation: escalationState.nullable().meta({ description: 'The wish for a person that is open, if one is' }),
    usage: usageSchema.nullable(),
    turn_id: z.guid().nullable().meta({ description: 'null: a person owns the conversation and will answer' }),
    conversation_id: z.guid(),
    session_id: z
      .union([z.string(), z.number()])
      .optional()
      .meta({ description: 'Your own key of the conversation, when you named it by one' }),
  })
  .meta({ id: 'ChatAnswer' });
export type ChatAnswer = z.infer<typeof chatAnswer>;

const seqText = z
  .string()
  .regex(/^\d{1,16}$/, 'must be a whole number, 0 or greater')
  .transform(Number);
const flag = z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true');

export const eventsQuery = z.strictObject({
  after_seq: seqText
    .optional()
    .meta({ description: '0: everything kept; absent: what comes from now on. `Last-Event-ID` goes before it' }),
  stream: flag.optional().meta({ description: '`false` leaves out `token` frames' }),
  final: flag.optional().meta({ description: '`false` leaves out `message` frames' }),
  format: formatSchema.optional(),
});
export const lastEventId = seqText;
