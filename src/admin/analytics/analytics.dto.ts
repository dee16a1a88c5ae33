import { instantSchema } from '#platform/http';
import { atMost } from '#platform/text';
import { z } from 'zod';

const DAY_MS = 24 * 3600 * 1000;
const MOST_DAYS = 400;

export const analyticsQuery = z
  .strictObject({
    from: instantSchema.optional().describe('Included; 30 days before `to` unless told'),
    to: instantSchema.optional().describe('Not included; now unless told'),
    agent: z
      .string()
      .min(1)
      .check(...atMost(63))
      .optional(),
    channel: z
      .string()
      .min(1)
      .check(...atMost(50))
      .optional(),
  })
  .transform(({ from, to = new Date().toISOString(), ...filter }) => ({
    ...filter,
    from: new Date(from ?? Date.parse(to) - 30 * DAY_MS),
    to: new Date(to),
  }))
  .refine(({ from, to }) => from < to, { path: ['from'], message: 'must be before `to`' })
  .refine(({ from, to }) => to.getTime() - from.getTime() <= MOST_DAYS * DAY_MS, {
    path: ['from'],
    message: `must be at most ${MOST_DAYS} days before \`to\``,
  });
export type AnalyticsQuery = z.infer<typeof analyticsQuery>;

const share = z.number().min(0).max(1).nullable();
const percentiles = z.object({ p50: z.number().nullable(), p95: z.number().nullable() });

export const analyticsResponse = z
  .object({
    conversations: z.int().describe('Begun in this time'),
    turns: z.object({ completed: z.int(), failed: z.int(), cancelled: z.int(), handed_off: z.int() }),
    containment: share.describe('Of these conversations, the share that no person had to take'),
    resolution: share.describe(
      'Of the wishes for a person that have come to an end, the share that was resolved or closed by one',
    ),
    first_token_ms: percentiles,
    feedback: z.object({ up: z.int(), down: z.int() }),
    csat: share.describe('Of the ratings after the end, the share of 4 and 5'),
    first_reply_s: percentiles.describe('From the wish for a person to that person’s first word'),
    escalations: z.object({
      total: z.int(),
      waiting: z.int(),
      assigned: z.int(),
      returned: z.int(),
      resolved: z.int(),
      closed: z.int(),
    }),
    tool_errors: z.array(z.object({ tool: z.string(), count: z.int() })),
    unanswered: z
      .array(z.object({ question: z.string(), count: z.int(), conversation_id: z.guid() }))
      .describe('Questions that were not understood, or that the documents do not answer, the most frequent first'),
  })
  .meta({ id: 'Analytics' });
export type Analytics = z.infer<typeof analyticsResponse>;
