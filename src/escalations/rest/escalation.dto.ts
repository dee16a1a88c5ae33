import { emailSchema } from '#auth';
import { messageSchema } from '#conversations';
import { idSchema, listQuery, timeSchema } from '#platform/http';
import { atMost } from '#platform/text';
import { z } from 'zod';
import { languageSchema, skillSchema } from '../model/fields.js';
import { CAUSES, type Escalation, ESCALATION_STATUSES } from '../model/escalation.js';
import { waitSeconds, type Workforce } from '../model/presence.js';

const text = (most: number) =>
  z
    .string()
    .trim()
    .check(...atMost(most));
const said = (most: number) => text(most).min(1, 'must not be empty');
export const reasonSchema = text(2000);

export const escalateBody = z
  .strictObject({
    reason: reasonSchema.default(''),
    email: emailSchema.optional().describe('Where to write to, when nobody is there'),
    skill: skillSchema.optional(),
    language: languageSchema.optional(),
  })
  .meta({ examples: [{ reason: 'My parcel arrived damaged' }] });
export type EscalateBody = z.infer<typeof escalateBody>;

export const staffEscalateBody = z
  .strictObject({ conversation_id: idSchema, reason: reasonSchema.default(''), skill: skillSchema.optional() })
  .meta({ example: { conversation_id: '01890000-0000-7000-8000-000000000000', reason: 'The answer was wrong' } });
export type StaffEscalateBody = z.infer<typeof staffEscalateBody>;

const state = {
  id: z.guid(),
  escalation_id: z.guid().describe('The same as `id`'),
  conversation_id: z.guid(),
  status: z.enum(ESCALATION_STATUSES),
  position: z.int().nullable().describe('Of those that wait, from 1'),
  eta_s: z.int().nullable().describe('How long it will take, roughly; null: not known'),
  reason: z.string(),
  contact_form: z.boolean().describe('Nobody is there: an address can be left'),
  email: z.string().nullable(),
  waiting_since: timeSchema,
  created_at: timeSchema,
  updated_at: timeSchema,
};

export const ratingBody = z
  .strictObject({ score: z.int().min(1).max(5), comment: text(2000).default('') })
  .meta({ examples: [{ score: 5, comment: 'Quick and friendly' }] });
export const ratingResponse = z
  .object({
    conversation_id: z.guid(),
    escalation_id: z.guid().nullable(),
    score: z.int(),
    comment: z.string(),
    created_at: timeSchema,
    updated_at: timeSchema,
  })
  .meta({ id: 'ConversationRating' });
export type RatingResponse = z.infer<typeof ratingResponse>;

/** As its user sees it. */
export const escalationResponse = z
  .object({ ...state, supporter: z.object({ name: z.string() }).nullable() })
  .meta({ id: 'Escalation' });
export type EscalationResponse = z.infer<typeof escalationResponse>;

const summarySchema = z.object({
  asked: z.array(z.string()),
  tried: z.array(z.object({ agent: z.string(), intent: z.string().nullable() })),
  entities: z.record(z.string(), z.unknown()),
  sources: z.array(z.object({ document_id: z.string(), title: z.string() })),
});

/** As supporters see it. */
export const handledEscalation = z
  .object({
    ...state,
    cause: z.enum(CAUSES),
    skill: z.string().nullable(),
    language: z.string().nullable(),
    supporter: z.object({ id: z.guid(), name: z.string() }).nullable(),
    user: z.object({ id: z.guid(), name: z.string() }),
    summary: summarySchema,
    assigned_at: timeSchema.nullable(),
    first_reply_at: timeSchema.nullable(),
    ended_at: timeSchema.nullable(),
  })
  .meta({ id: 'HandledEscalation' });
export type HandledEscalation = z.infer<typeof handledEscalation>;

export const escalationWithTranscript = handledEscalation
  .extend({ transcript: z.array(messageSchema).describe('The last 200 messages, oldest first') })
  .meta({ id: 'EscalationWithTranscript' });
export type EscalationWithTranscript = z.infer<typeof escalationWithTranscript>;

export const listEscalationsQuery = listQuery.extend({
  status: z.enum(ESCALATION_STATUSES).optional(),
  supporter_id: idSchema.optional(),
  conversation_id: idSchema.optional(),
});

export const replyBody = z
  .strictObject({
    content: z
      .string()
      .check(...atMost(16_000))
      .refine((value) => value.trim() !== '', 'must not be only white space'),
    client_message_id: idSchema.optional().describe('Makes a retry safe; unique per supporter'),
  })
  .meta({ example: { content: 'Hello, this is Maria. I have looked at your order.' } });
export type ReplyBody = z.infer<typeof replyBody>;

export const returnBody = z
  .strictObject({ summary: said(4000).optional().describe('What the agent’s next answer is to know') })
  .meta({
    examples: [{ summary: 'The refund is on its way; the customer waits for the number of the return label.' }],
  });
export type ReturnBody = z.infer<typeof returnBody>;

export const assignBody = z
  .strictObject({ supporter_id: idSchema })
  .meta({ example: { supporter_id: '01890000-0000-7000-8000-000000000000' } });
export const transferBody = z
  .strictObject({ supporter_id: idSchema.optional(), skill: skillSchema.optional() })
  .refine(({ skill, supporter_id: id }) => (skill === undefined) !== (id === undefined), {
    path: ['supporter_id'],
    message: 'name a supporter_id or a skill, one of them',
  })
  .meta({ example: { skill: 'returns' } });

export function toEscalationResponse(escalation: Escalation, workforce: Workforce): EscalationResponse {
  const { supporter } = escalation;
  return { ...stateOf(escalation, workforce), supporter: supporter === null ? null : { name: supporter.name } };
}

export function toHandledEscalation(escalation: Escalation, workforce: Workforce): HandledEscalation {
  const { cause, language, skill, summary, supporter, user } = escalation;
  return {
    ...stateOf(escalation, workforce),
    ...{ cause, skill, language, supporter, user },
    summary: {
      asked: [...summary.asked],
      tried: summary.tried.map((one) => ({ ...one })),
      entities: { ...summary.entities },
      sources: summary.sources.map((one) => ({ ...one })),
    },
    assigned_at: escalation.assignedAt?.toISOString() ?? null,
    first_reply_at: escalation.firstReplyAt?.toISOString() ?? null,
    ended_at: escalation.endedAt?.toISOString() ?? null,
  };
}

function stateOf(escalation: Escalation, workforce: Workforce) {
  const { contactForm, conversationId, email, id, position, reason, status } = escalation;
  return {
    id,
    escalation_id: id,
    conversation_id: conversationId,
    ...{ status, position, reason, email },
    eta_s: position === null || contactForm ? null : waitSeconds(position, workforce),
    contact_form: contactForm,
    waiting_since: escalation.waitingSince.toISOString(),
    created_at: escalation.createdAt.toISOString(),
    updated_at: escalation.updatedAt.toISOString(),
  };
}
