import { messageSchema, usageSchema } from '#conversations';
import { ROLES } from '#platform/context';
import { z } from 'zod';
import { MOST_CLIENT_KEY, MOST_REF } from './field-schemas.js';

const seq = z.int().meta({ description: 'Grows in the order of first delivery within the conversation, with gaps' });
const ref = z.string().max(MOST_REF).optional().meta({ description: 'Of the frame that this answers' });
const sessionId = z
  .union([z.string().max(MOST_CLIENT_KEY), z.int()])
  .optional()
  .meta({ description: "The client's own key of the conversation" });
const errorCode = z.enum([
  'UNAUTHORIZED',
  'TOKEN_EXPIRED',
  'FORBIDDEN',
  'NOT_FOUND',
  'INVALID_INPUT',
  'CONFLICT',
  'RATE_LIMIT',
  'QUOTA_EXCEEDED',
  'CONVERSATION_CLOSED',
  'LLM_ERROR',
  'LLM_TIMEOUT',
  'TOOL_ERROR',
  'RETRIEVAL_ERROR',
  'GUARDRAIL',
  'CANCELLED',
  'DRAINING',
  'INTERNAL',
]);
const turnStatus = z.enum(['queued', 'running', 'input_required', 'completed', 'failed', 'cancelled', 'handed_off']);

const inConversation = { conversation_id: z.guid(), seq, session_id: sessionId };
const inTurn = { ...inConversation, turn_id: z.guid() };

const readyFrame = z
  .strictObject({
    type: z.literal('ready'),
    connection_id: z.guid(),
    user: z.strictObject({ id: z.guid(), role: z.enum(ROLES), persona: z.string().nullable() }),
    tenant: z.strictObject({ id: z.guid(), slug: z.string() }),
    heartbeat_s: z.int(),
    ref,
  })
  .meta({ id: 'ReadyFrame', description: 'The token was good' });

const ackFrame = z
  .strictObject({
    type: z.literal('ack'),
    ...inTurn,
    client_message_id: z.guid().nullable(),
    message_id: z.guid(),
    ref,
  })
  .meta({ id: 'AckFrame', description: 'Committed: cannot be lost from here on' });

const statusFrame = z
  .strictObject({
    type: z.literal('status'),
    ...inTurn,
    step: z.enum(['queued', 'routing', 'retrieving', 'grading', 'tool', 'generating', 'summarizing', 'escalating']),
    message: z.string().meta({ description: 'For people' }),
    agent: z.string().optional(),
    tool: z.string().optional(),
  })
  .meta({ id: 'StatusFrame' });

const tokenFrame = z
  .strictObject({
    type: z.literal('token'),
    ...inTurn,
    role: z.literal('assistant'),
    content: z.string(),
    offset: z.int().min(0).meta({ description: 'UTF-16 units of this turn’s answer before it' }),
  })
  .meta({ id: 'TokenFrame', description: 'text = text.slice(0, offset) + content' });

const payloadFrame = z
  .strictObject({ type: z.literal('payload'), ...inTurn, payload_type: z.string(), items: z.array(z.unknown()) })
  .meta({ id: 'PayloadFrame', description: 'Structured results beside the text' });

const messageFrame = z
  .strictObject({ ...messageSchema.shape, type: z.literal('message'), session_id: sessionId })
  .meta({ id: 'MessageFrame', description: 'A stored message' });

const contextRestoredFrame = z
  .strictObject({
    type: z.literal('context_restored'),
    ...inConversation,
    summary: z.string().nullable(),
    messages: z.array(messageSchema).max(20),
    last_seq: z.int(),
    turn: z
      .strictObject({
        turn_id: z.guid(),
        status: turnStatus,
        agent: z.string().nullable(),
        text: z.string(),
        error: z.object({ code: errorCode, message: z.string(), retryable: z.boolean() }).nullable(),
      })
      .nullable(),
    snapshot: z.boolean().meta({ description: 'True: what lay between is no longer kept' }),
    ref,
  })
  .meta({ id: 'ContextRestoredFrame' });

const doneFrame = z
  .strictObject({
    type: z.literal('done'),
    ...inTurn,
    status: z.enum(['completed', 'failed', 'cancelled', 'input_required', 'handed_off']),
    usage: usageSchema.nullable(),
  })
  .meta({ id: 'DoneFrame', description: 'Exactly one for each turn, its last frame' });

const errorFrameSchema = z
  .strictObject({
    type: z.literal('error'),
    code: errorCode,
    message: z.string().meta({ description: 'For people' }),
    retryable: z.boolean(),
    retry_after_ms: z.int().optional(),
    field: z.string().optional(),
    client_message_id: z.string().optional(),
    conversation_id: z.string().optional().meta({ description: 'As sent, when a frame is refused' }),
    session_id: sessionId,
    turn_id: z.string().optional(),
    seq: seq.optional(),
    ref,
  })
  .meta({ id: 'ErrorFrame', description: 'A frame was refused, or (with `seq`) a turn failed' });

const pongFrame = z.strictObject({ type: z.literal('pong'), ref }).meta({ id: 'PongFrame' });
const serverDrainingFrame = z
  .strictObject({ type: z.literal('server_draining') })
  .meta({ id: 'ServerDrainingFrame', description: 'The server is going to stop: reconnect soon' });

/** Every frame that this version sends, by its type. Documentation, and what tests hold real frames against. */
export const SERVER_FRAMES = {
  ready: readyFrame,
  ack: ackFrame,
  status: statusFrame,
  token: tokenFrame,
  payload: payloadFrame,
  message: messageFrame,
  context_restored: contextRestoredFrame,
  done: doneFrame,
  error: errorFrameSchema,
  pong: pongFrame,
  server_draining: serverDrainingFrame,
} as const;
