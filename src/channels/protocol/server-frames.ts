import { messageSchema, usageSchema } from '#conversations';
import { ROLES } from '#platform/context';
import type { ErrorCode } from '#platform/errors';
import { z } from 'zod';
import { MOST_CLIENT_KEY, MOST_REF } from './field-schemas.js';

const seq = z.int().meta({
  description:
    'An opaque, comparable cursor. Stored frames are strictly ordered by it within the conversation, with gaps; `resume` ' +
    'takes it as `after_seq`',
});
const ref = z.string().max(MOST_REF).optional().meta({ description: 'Of the frame that this answers' });
const sessionId = z
  .union([z.string().max(MOST_CLIENT_KEY), z.int()])
  .optional()
  .meta({ description: "The client's own key of the conversation" });
export const ERROR_CODES = [
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
  'TURN_TIMEOUT',
  'INTERRUPTED',
  'PRECONDITION_FAILED',
  'UNAVAILABLE',
  'SUSPENDED',
  'MFA_REQUIRED',
  'DRAINING',
  'INTERNAL',
] as const satisfies readonly ErrorCode[];
const errorCode = z.enum(ERROR_CODES);
const turnError = z.strictObject({ code: errorCode, message: z.string(), retryable: z.boolean() });
const turnStatus = z.enum(['queued', 'running', 'input_required', 'completed', 'failed', 'cancelled', 'handed_off']);

const inConversation = { conversation_id: z.guid(), seq, session_id: sessionId };
const inTurn = { ...inConversation, turn_id: z.guid() };

const readyFrame = z
  .strictObject({
    type: z.literal('ready'),
    protocol: z.literal(1),
    connection_id: z.guid(),
    user: z.strictObject({ id: z.guid(), role: z.enum(ROLES), persona: z.string().nullable() }),
    tenant: z.strictObject({ id: z.guid(), slug: z.string() }),
    heartbeat_s: z.int(),
    limits: z.strictObject({
      content: z.int().meta({ description: 'UTF-16 units of a message' }),
      frame_bytes: z.int(),
      messages_per_minute: z.int().meta({ description: 'Of one user, over all channels; 0: not limited' }),
      queue: z.int().meta({ description: 'How many messages of a conversation may wait for the running turn' }),
    }),
    ref,
  })
  .meta({ id: 'ReadyFrame', description: 'The token was good' });

const ackFrame = z
  .strictObject({
    type: z.literal('ack'),
    conversation_id: z.guid(),
    session_id: sessionId,
    turn_id: z.guid().nullable().meta({ description: 'null: a person owns the conversation, no turn answers' }),
    client_message_id: z.guid().nullable(),
    message_id: z.guid(),
    ref,
  })
  .meta({ id: 'AckFrame', description: 'To the sender: committed, cannot be lost from here on' });

const turnFrame = z
  .strictObject({
    type: z.literal('turn'),
    ...inTurn,
    status: z.enum(['queued', 'running']),
    attempt: z.int().min(1).meta({ description: 'Counts the turns of one question' }),
    start: z.int().min(1).meta({ description: 'Counts how often this turn was begun; after 1 its text starts anew' }),
    question_id: z.guid(),
    answer_id: z.guid().meta({ description: 'The id that the `message` of the answer will have' }),
    agent: z.string().nullable(),
  })
  .meta({ id: 'TurnFrame', description: 'A turn waits, starts, or starts again' });

const statusFrame = z
  .strictObject({
    type: z.literal('status'),
    ...inTurn,
    step: z.string().meta({
      description:
        'An open list: queued, routing, retrieving, grading, tool, generating, guarding, planning, reviewing, ' +
        'summarizing, escalating, …',
    }),
    message: z.string().meta({ description: 'For people' }),
    agent: z.string().optional(),
    agent_name: z.string().optional().meta({ description: 'What people call the agent' }),
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
  .strictObject({
    type: z.literal('payload'),
    ...inTurn,
    payload_type: z.string(),
    items: z.array(z.unknown()),
    offset: z.int().min(0).meta({ description: 'Its place in the text of the answer' }),
  })
  .meta({ id: 'PayloadFrame', description: 'Structured results beside the text' });

const messageFrame = z
  .strictObject({ ...messageSchema.shape, type: z.literal('message'), session_id: sessionId })
  .meta({ id: 'MessageFrame', description: 'A stored message' });

const contextRestoredFrame = z
  .strictObject({
    type: z.literal('context_restored'),
    conversation_id: z.guid(),
    session_id: sessionId,
    summary: z.string().nullable(),
    messages: z.array(messageSchema).max(20),
    last_seq: z.int(),
    turn: z
      .strictObject({
        turn_id: z.guid(),
        status: turnStatus,
        attempt: z.int().min(1),
        start: z.int().min(0),
        answer_id: z.guid(),
        agent: z.string().nullable(),
        text: z.string(),
        error: turnError.nullable(),
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
    error: turnError.optional().meta({ description: 'When failed' }),
  })
  .meta({ id: 'DoneFrame', description: 'Exactly one for each turn, its last frame' });

const errorFrameSchema = z
  .strictObject({
    type: z.literal('error'),
    scope: z.enum(['frame', 'turn', 'connection']).meta({
      description:
        '`frame`: the answer to a refused frame; `turn`: a turn failed, its `done` follows; `connection`: this socket, ' +
        'which is closed unless the error says how to go on',
    }),
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
  .meta({ id: 'ErrorFrame', description: 'Only one of scope `turn` has a `seq`; the others are never replayed' });

export const escalationState = z.strictObject({
  escalation_id: z.guid(),
  status: z.enum(['waiting', 'assigned', 'returned', 'resolved', 'closed']),
  position: z.int().nullable().meta({ description: 'Of those that wait, from 1' }),
  eta_s: z.int().nullable().meta({ description: 'How long it will take, roughly; null: not known' }),
  reason: z.string(),
  supporter: z.strictObject({ name: z.string() }).nullable(),
  contact_form: z.boolean().meta({ description: 'True: nobody is there, leave an address' }),
});

const escalationFrame = z
  .strictObject({
    type: z.literal('escalation'),
    ...inConversation,
    ...escalationState.shape,
    user: z.strictObject({ id: z.guid(), name: z.string() }).optional().meta({ description: 'To supporters only' }),
    summary: z.looseObject({}).optional().meta({ description: 'To supporters only' }),
    skill: z.string().nullable().optional().meta({ description: 'To supporters only' }),
    waiting_since: z.string().optional().meta({ description: 'To supporters only' }),
    ref,
  })
  .meta({
    id: 'EscalationFrame',
    description: 'How far a wish for a person has come. A supporter’s socket gets those of the tenant’s queue',
  });

const conversationFrame = z
  .strictObject({
    type: z.literal('conversation'),
    ...inConversation,
    owner: z.enum(['agent', 'human']),
    status: z.enum(['active', 'ended']),
    title: z.string(),
    supporter: z.strictObject({ name: z.string() }).nullable(),
  })
  .meta({ id: 'ConversationFrame', description: 'Whenever one of them changes' });

const typingFrame = z
  .strictObject({
    type: z.literal('typing'),
    conversation_id: z.guid(),
    session_id: sessionId,
    on: z.boolean(),
    from: z.enum(['agent', 'supporter', 'user']),
    name: z.string().nullable(),
  })
  .meta({ id: 'TypingNoticeFrame', description: 'Never stored, and without a `seq`' });

const pongFrame = z.strictObject({ type: z.literal('pong'), ref }).meta({ id: 'PongFrame' });
const serverDrainingFrame = z
  .strictObject({ type: z.literal('server_draining') })
  .meta({ id: 'ServerDrainingFrame', description: 'The server is going to stop: reconnect soon' });

/** Every frame that this version sends, by its type. Documentation, and what tests hold real frames against. */
export const SERVER_FRAMES = {
  ready: readyFrame,
  ack: ackFrame,
  turn: turnFrame,
  status: statusFrame,
  token: tokenFrame,
  payload: payloadFrame,
  message: messageFrame,
  context_restored: contextRestoredFrame,
  done: doneFrame,
  error: errorFrameSchema,
  escalation: escalationFrame,
  conversation: conversationFrame,
  typing: typingFrame,
  pong: pongFrame,
  server_draining: serverDrainingFrame,
} as const;
