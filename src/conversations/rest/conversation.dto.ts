import { listQuery, metadataSchema, timeSchema } from '#platform/http';
import { atMost } from '#platform/text';
import { z } from 'zod';

const text = (most: number) =>
  z
    .string()
    .check(...atMost(most, `must not exceed ${most} characters`))
    .refine((value) => value.trim() !== '', 'must not be empty');

export const createConversationSchema = z
  .strictObject({
    title: text(200).optional(),
    client_key: text(128).optional(),
    metadata: metadataSchema.optional(),
  })
  .meta({ examples: [{ title: 'About my order', metadata: { page: '/orders/1042' } }] });
export const patchConversationSchema = z
  .strictObject({
    title: text(200).optional(),
    status: z.enum(['active', 'ended']).optional(),
    metadata: metadataSchema.optional(),
  })
  .meta({ examples: [{ title: 'About order 1042' }] });
export const listMessagesQuery = listQuery.extend({ order: z.enum(['asc', 'desc']).default('asc') });
export const citationNumber = z.coerce.number('must be a number').int().min(1).max(1000);

export const conversationSchema = z
  .object({
    id: z.guid(),
    client_key: z.string().nullable(),
    user_id: z.guid(),
    persona: z.string().nullable(),
    channel: z.string(),
    title: z.string(),
    status: z.enum(['active', 'ended']),
    owner: z.enum(['agent', 'human']),
    summary: z.string().nullable(),
    message_count: z.number().int(),
    metadata: z.record(z.string(), z.unknown()),
    last_interaction_at: timeSchema,
    created_at: timeSchema,
    updated_at: timeSchema,
  })
  .meta({ id: 'Conversation' });

const payloadSchema = z.object({
  payload_type: z.string(),
  items: z.array(z.unknown()),
  offset: z.number().int().describe('Its place in the text: UTF-16 units of the answer before it'),
});

export const usageSchema = z
  .object({
    input_tokens: z.number().int(),
    output_tokens: z.number().int(),
    cost_usd: z.number().nullable(),
    model: z.string(),
  })
  .meta({ id: 'Usage' });

export const citationSchema = z
  .object({
    n: z.number().int(),
    document_id: z.guid(),
    chunk_id: z.guid(),
    title: z.string(),
    page: z.number().int().nullable(),
    section: z.string().nullable(),
    url: z.string().nullable(),
    score: z.number(),
    quote: z.string(),
    content: z.string().nullable().optional(),
    knowledge_base_id: z
      .guid()
      .nullable()
      .optional()
      .describe('Where its document stands: to those who may read it there'),
  })
  .meta({ id: 'Citation' });

/** What a client sent with a question, or what is known of an answer. */
const messageMetadata = z
  .looseObject({
    intent: z.string().nullable().optional(),
    intents: z.array(z.object({ agent: z.string(), text: z.string() })).optional(),
    agents: z.array(z.string()).optional(),
    sections: z
      .array(z.object({ agent: z.string(), name: z.string(), offset: z.number().int() }))
      .optional()
      .describe('The parts of the answer: whose each is, by its name, and where in `content` it begins (UTF-16 units)'),
    language: z.string().nullable().optional(),
    chunks_used: z.number().int().optional(),
    source_chunks: z.array(z.string()).optional(),
    citations: z.array(citationSchema).optional(),
    usage: usageSchema.nullable().optional(),
    latency_ms: z.number().optional(),
    degraded: z.boolean().optional(),
    escalated: z.string().optional().describe('Why this answer called for a person'),
    partial: z.boolean().optional().describe('The turn was stopped: this is what there was of the answer'),
    replaces: z.array(z.string()).optional().describe('Answers whose place this one has taken (`regenerate`)'),
  })
  .describe('Of a question: what the client sent with it. Of an answer: the members named here');

export const messageSchema = z
  .object({
    id: z.guid(),
    message_id: z.guid(),
    conversation_id: z.guid(),
    turn_id: z.guid().nullable(),
    seq: z.number().int(),
    role: z.enum(['user', 'assistant', 'supporter', 'system']),
    content: z.string().describe('Markdown'),
    content_html: z.string().describe('Sanitised HTML'),
    payload_type: z.string().nullable(),
    payloads: z.array(payloadSchema),
    tokens_used: z.number().int().nullable(),
    metadata: messageMetadata,
    created_at: timeSchema,
  })
  .meta({ id: 'Message' });

export const turnErrorSchema = z.object({ code: z.string(), message: z.string(), retryable: z.boolean() });

export const turnSchema = z
  .object({
    id: z.guid(),
    conversation_id: z.guid(),
    message_id: z.guid(),
    answer_id: z.guid().describe('The id that the answer has, or will have'),
    status: z.enum(['queued', 'running', 'input_required', 'completed', 'failed', 'cancelled', 'handed_off']),
    attempt: z.number().int().describe('Counts the turns of one question'),
    start: z.number().int().describe('How often it was begun: 0 while it waits, one more for each take-over'),
    content: z.string(),
    agent: z.string().nullable(),
    error: turnErrorSchema.nullable(),
    usage: usageSchema.nullable(),
    timings: z.record(z.string(), z.number()).nullable(),
    created_at: timeSchema,
    ended_at: timeSchema.nullable(),
  })
  .meta({ id: 'Turn' });
