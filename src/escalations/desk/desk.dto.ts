import { citationSchema } from '#conversations';
import { timeSchema } from '#platform/http';
import { atMost } from '#platform/text';
import { z } from 'zod';
import { languageSchema } from '../model/fields.js';
import type { CannedReply, Note } from './desk.repository.js';

const said = (most: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .check(...atMost(most));

export const noteBody = z
  .strictObject({ content: said(4000) })
  .meta({ examples: [{ content: 'Called the courier: the parcel is at the depot.' }] });
export const noteResponse = z
  .object({
    id: z.guid(),
    escalation_id: z.guid(),
    author_id: z.guid().nullable(),
    content: z.string(),
    created_at: timeSchema,
  })
  .meta({ id: 'EscalationNote' });
export type NoteResponse = z.infer<typeof noteResponse>;

export const cannedReplyBody = z
  .strictObject({ title: said(100), content: said(4000), language: languageSchema.nullable().default(null) })
  .meta({
    examples: [
      { title: 'Refund', content: 'I have sent your money back. It arrives within five working days.', language: 'en' },
    ],
  });
export const cannedReplyResponse = z
  .object({
    id: z.guid(),
    title: z.string(),
    content: z.string(),
    language: z.string().nullable(),
    created_at: timeSchema,
  })
  .meta({ id: 'CannedReply' });
export type CannedReplyResponse = z.infer<typeof cannedReplyResponse>;

export const suggestionResponse = z
  .object({ content: z.string().describe('Markdown'), citations: z.array(citationSchema) })
  .meta({ id: 'Suggestion' });

export function toNoteResponse({ authorId, content, createdAt, escalationId, id }: Note): NoteResponse {
  return { id, escalation_id: escalationId, author_id: authorId, content, created_at: createdAt.toISOString() };
}

export function toCannedReplyResponse({ content, createdAt, id, language, title }: CannedReply): CannedReplyResponse {
  return { id, title, content, language, created_at: createdAt.toISOString() };
}
