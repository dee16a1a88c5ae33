import { timeSchema } from '#platform/http';
import { atMost } from '#platform/text';
import { z } from 'zod';
import { matchCriteria } from '../matching/match-criteria.js';
import type { KnowledgeBase, KnowledgeBaseChange, KnowledgeBaseSettings, NewKnowledgeBase } from './knowledge-base.js';

const name = z
  .string()
  .trim()
  .min(1)
  .check(...atMost(200));
const description = z
  .string()
  .trim()
  .check(...atMost(2000));
const language = z
  .string()
  .check(...atMost(35))
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a language tag such as en or de-AT');
const chunkSize = z.int().min(50).max(4000);
const chunkOverlap = z.int().min(0).max(2000);
const topK = z.int().min(1).max(50).nullable();
const field = z
  .string()
  .min(1)
  .check(...atMost(100));
const settings = z.strictObject({
  title_field: field.optional(),
  text_fields: z.array(field).min(1).max(50).optional(),
  criteria: matchCriteria.optional(),
  vector_weight: z.number().min(0).max(1).optional(),
});

export const createKnowledgeBaseBody = z
  .strictObject({
    name,
    kind: z.enum(['documents', 'records']).optional(),
    description: description.optional(),
    language: language.optional(),
    chunk_size: chunkSize.optional(),
    chunk_overlap: chunkOverlap.optional(),
    top_k: topK.optional(),
    settings: settings.optional(),
  })
  .meta({ examples: [{ name: 'Product manuals', description: 'How our products are used', language: 'en' }] });
export type CreateKnowledgeBaseBody = z.infer<typeof createKnowledgeBaseBody>;

export const patchKnowledgeBaseBody = createKnowledgeBaseBody
  .omit({ kind: true })
  .partial()
  .meta({ example: { description: 'How our products are used and cared for' } });
export type PatchKnowledgeBaseBody = z.infer<typeof patchKnowledgeBaseBody>;

export const knowledgeBaseResponse = z
  .object({
    id: z.string(),
    kind: z.enum(['documents', 'records']),
    name: z.string(),
    description: z.string(),
    language: z.string(),
    chunk_size: z.number(),
    chunk_overlap: z.number(),
    top_k: z.number().nullable(),
    embedding: z.object({ provider: z.string(), model: z.string(), dimensions: z.number() }),
    settings: z.object({
      title_field: z.string().optional(),
      text_fields: z.array(z.string()).optional(),
      criteria: z.unknown().optional(),
      vector_weight: z.number().optional(),
    }),
    document_count: z.number(),
    chunk_count: z.number(),
    created_at: timeSchema,
    updated_at: timeSchema,
  })
  .meta({ id: 'KnowledgeBase' });
export type KnowledgeBaseResponse = z.infer<typeof knowledgeBaseResponse>;

export function toKnowledgeBaseResponse(base: KnowledgeBase): KnowledgeBaseResponse {
  const { criteria, textFields, titleField, vectorWeight } = base.settings;
  const { dimensions, model, provider } = base.embedding;
  return {
    id: base.id,
    kind: base.kind,
    name: base.name,
    description: base.description,
    language: base.language,
    chunk_size: base.chunkSize,
    chunk_overlap: base.chunkOverlap,
    top_k: base.topK,
    embedding: { provider, model, dimensions },
    settings: {
      title_field: titleField,
      text_fields: textFields === undefined ? undefined : [...textFields],
      criteria,
      vector_weight: vectorWeight,
    },
    document_count: base.documentCount,
    chunk_count: base.chunkCount,
    created_at: base.createdAt.toISOString(),
    updated_at: base.updatedAt.toISOString(),
  };
}

export function toNewKnowledgeBase(body: CreateKnowledgeBaseBody): NewKnowledgeBase {
  return { ...toKnowledgeBaseChange(body), name: body.name, kind: body.kind };
}

export function toKnowledgeBaseChange(body: PatchKnowledgeBaseBody): KnowledgeBaseChange {
  return {
    name: body.name,
    description: body.description,
    language: body.language,
    chunkSize: body.chunk_size,
    chunkOverlap: body.chunk_overlap,
    topK: body.top_k,
    settings: body.settings === undefined ? undefined : toSettings(body.settings),
  };
}

function toSettings(given: z.infer<typeof settings>): KnowledgeBaseSettings {
  return {
    titleField: given.title_field,
    textFields: given.text_fields,
    criteria: given.criteria,
    vectorWeight: given.vector_weight,
  };
}
