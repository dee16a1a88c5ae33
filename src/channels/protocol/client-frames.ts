import { commentSchema, ratingSchema } from '#conversations';
import { reasonSchema } from '#escalations';
import { atMost } from '#platform/text';
import { z } from 'zod';
import {
  agentSchema,
  attachmentsSchema,
  contentSchema,
  conversationNameSchema,
  formatSchema,
  metadataSchema,
  onDisconnectSchema,
  refSchema,
  STORABLE,
  isStorable,
  switchSchema,
  uuidSchema,
} from './field-schemas.js';

const tokenSchema = z
  .string('must be a string')
  .min(1, 'must not be empty')
  .check(...atMost(16_384, 'is too long for an access token'));

export const authFrame = z
  .strictObject({ type: z.literal('auth'), token: tokenSchema, ref: refSchema.optional() })
  .meta({ id: 'AuthFrame', description: 'First frame, or renewal of a token' });

export const userMessageFrame = z
  .strictObject({
    type: z.literal('user_message'),
    content: contentSchema,
    conversation_id: conversationNameSchema.optional(),
    client_message_id: uuidSchema.optional().meta({ description: 'Makes a retry safe; unique per user' }),
    metadata: metadataSchema.optional(),
    stream: switchSchema.optional().meta({ description: '`false` leaves out `token` frames' }),
    final: switchSchema.optional().meta({ description: '`false` leaves out the `message` frame' }),
    format: formatSchema.optional().meta({ description: '`html` puts sanitised HTML in `content` of messages' }),
    on_disconnect: onDisconnectSchema.optional(),
    agent: agentSchema.optional(),
    attachments: attachmentsSchema.optional(),
    ref: refSchema.optional(),
  })
  .meta({ id: 'UserMessageFrame', description: 'Starts a turn' });

export const abortFrame = z
  .strictObject({
    type: z.literal('abort'),
    conversation_id: conversationNameSchema.optional(),
    turn_id: uuidSchema.optional(),
    ref: refSchema.optional(),
  })
  .meta({
    id: 'AbortFrame',
    description:
      'Stops a turn, those of a conversation, or (neither given) every running turn that this socket started; both ' +
      'given must agree. Nothing to stop: `NOT_FOUND`',
  });

export const regenerateFrame = z
  .strictObject({ type: z.literal('regenerate'), turn_id: uuidSchema, ref: refSchema.optional() })
  .meta({
    id: 'RegenerateFrame',
    description:
      'Answers the last question of a conversation again, by any of its turns: a new turn, whose answer takes the place ' +
      'of the earlier one (`metadata.replaces`) once it is complete. Answered with `ack`, as a message',
  });

export const resumeFrame = z
  .strictObject({
    type: z.literal('resume'),
    conversation_id: conversationNameSchema,
    after_seq: z.int('must be a whole number').min(0, 'must not be negative').optional().meta({
      description: 'What came after it is replayed; 0: everything kept; absent: the context and what comes now',
    }),
    ref: refSchema.optional(),
  })
  .meta({ id: 'ResumeFrame', description: 'Subscribes, and replays what was missed' });

export const unsubscribeFrame = z
  .strictObject({ type: z.literal('unsubscribe'), conversation_id: conversationNameSchema, ref: refSchema.optional() })
  .meta({
    id: 'UnsubscribeFrame',
    description:
      'No more frames of this conversation. Not answered: frames are handled in order, so the `pong` of a `ping` sent ' +
      'after it says that it is done. A conversation that this socket does not follow: `NOT_FOUND`',
  });

export const feedbackFrame = z
  .strictObject({
    type: z.literal('feedback'),
    message_id: uuidSchema,
    rating: ratingSchema,
    comment: commentSchema.refine(isStorable, STORABLE).default(''),
    ref: refSchema.optional(),
  })
  .meta({
    id: 'FeedbackFrame',
    description: 'Rates an answer; said again, it replaces what was said before. Answered with `ack` once it is stored',
  });

export const escalateFrame = z
  .strictObject({
    type: z.literal('escalate'),
    conversation_id: conversationNameSchema,
    reason: reasonSchema.refine(isStorable, STORABLE).default(''),
    ref: refSchema.optional(),
  })
  .meta({
    id: 'EscalateFrame',
    description: 'Asks for a person. Answered with `escalation`, also when one is open already',
  });

export const typingFrame = z
  .strictObject({
    type: z.literal('typing'),
    conversation_id: conversationNameSchema,
    on: switchSchema,
    ref: refSchema.optional(),
  })
  .meta({ id: 'TypingFrame', description: 'Shown to the person at the other end. Not answered' });

export const pingFrame = z
  .strictObject({ type: z.literal('ping'), ref: refSchema.optional() })
  .meta({ id: 'PingFrame', description: 'Answered with `pong`' });

/** Every frame that this version serves, by its type. */
export const CLIENT_FRAMES = {
  auth: authFrame,
  user_message: userMessageFrame,
  abort: abortFrame,
  regenerate: regenerateFrame,
  resume: resumeFrame,
  unsubscribe: unsubscribeFrame,
  escalate: escalateFrame,
  feedback: feedbackFrame,
  typing: typingFrame,
  ping: pingFrame,
} as const;

export type ServedType = keyof typeof CLIENT_FRAMES;

/** Types of the contract that a later version serves. */
export const LATER_TYPES: readonly string[] = ['respond'];

export type UserMessage = z.output<typeof userMessageFrame>;
