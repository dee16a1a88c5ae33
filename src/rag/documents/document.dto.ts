import { idSchema, listQuery, metadataSchema, refuseHostileInput, timeSchema } from '#platform/http';
import { atMost } from '#platform/text';
import { z } from 'zod';
import { DOCUMENT_STATUSES, type DocumentLabels, type StoredChunk, type StoredDocument } from './document.js';

const persona = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'must be a word such as job_seeker');
const labels = {
  title: z
    .string()
    .trim()
    .min(1)
    .check(...atMost(300))
    .optional(),
  metadata: metadataSchema.optional(),
  owner_id: idSchema.nullable().optional(),
  personas: z.array(persona).max(50).optional(),
};

/** A JSON text in a form's field; what it holds is as free as a body, and as little trusted. */
const json = (field: string) =>
  z.string().transform((text, context) => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON' });
      return z.NEVER;
    }
    refuseHostileInput({ [field]: value });
    return value;
  });

const ONE_SOURCE = 'send exactly one of text, url and record, or upload a file as multipart/form-data';

export const createDocumentBody = z
  .strictObject({
    ...labels,
    text: z
      .string()
      .min(1)
      .check(...atMost(1_000_000))
      .optional(),
    url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .optional(),
    record: z.record(z.string().check(...atMost(200)), z.unknown()).optional(),
  })
  .refine(
    ({ record, text, url }) => [record, text, url].filter((source) => source !== undefined).length === 1,
    ONE_SOURCE,
  )
  .refine(({ text, title }) => text === undefined || title !== undefined, {
    path: ['title'],
    message: 'a text needs a title',
  });
export type CreateDocumentBody = z.infer<typeof createDocumentBody>;

/** The fields beside `file` in a form, where everything is text. */
export const uploadFields = z.strictObject({
  title: labels.title,
  metadata: json('metadata').pipe(metadataSchema).optional(),
  owner_id: idSchema.optional(),
  personas: json('personas').pipe(z.array(persona).max(50)).optional(),
});

export const patchDocumentBody = z.strictObject(labels).meta({ example: { title: 'Opening hours from May' } });
export type PatchDocumentBody = z.infer<typeof patchDocumentBody>;

export const listDocumentsQuery = listQuery.extend({ status: z.enum(DOCUMENT_STATUSES).optional() });
export type ListDocumentsQuery = z.infer<typeof listDocumentsQuery>;

export const documentResponse = z
  .object({
    id: z.string(),
    knowledge_base_id: z.string(),
    owner_id: z.string().nullable(),
    personas: z.array(z.string()),
    title: z.string(),
    source_type: z.enum(['file', 'text', 'url', 'record']),
    source_url: z.string().nullable(),
    mime_type: z.string(),
    file_name: z.string().nullable(),
    size: z.number(),
    status: z.enum(DOCUMENT_STATUSES),
    progress: z.number(),
    chunk_count: z.number(),
    waiting: z
      .object({ reason: z.string(), until: timeSchema })
      .nullable()
      .describe('Why a document that is not finished waits, and until when; it goes on by itself'),
    error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean() }).nullable(),
    metadata: z.record(z.string(), z.unknown()),
    record: z.record(z.string(), z.unknown()).nullable(),
    created_at: timeSchema,
    updated_at: timeSchema,
  })
  .meta({ id: 'Document' });
export type DocumentResponse = z.infer<typeof documentResponse>;

export const chunkResponse = z
  .object({
    id: z.string(),
    ordinal: z.number(),
    page: z.number().nullable(),
    section: z.string().nullable(),
    content: z.string(),
  })
  .meta({ id: 'Chunk' });
export type ChunkResponse = z.infer<typeof chunkResponse>;

export function toDocumentResponse(document: StoredDocument): DocumentResponse {
  return {
    id: document.id,
    knowledge_base_id: document.knowledgeBaseId,
    owner_id: document.ownerId,
    personas: [...document.personas],
    title: document.title,
    source_type: document.sourceType,
    source_url: document.sourceUrl,
    mime_type: document.mimeType,
    file_name: document.fileName,
    size: document.size,
    status: document.status,
    progress: Math.round(document.progress * 100) / 100,
    chunk_count: document.chunkCount,
    waiting:
      document.waiting === null
        ? null
        : { reason: document.waiting.reason, until: document.waiting.until.toISOString() },
    error: document.error,
    metadata: { ...document.metadata },
    record: document.record === null ? null : { ...document.record },
    created_at: document.createdAt.toISOString(),
    updated_at: document.updatedAt.toISOString(),
  };
}

export function toChunkResponse({ content, id, ordinal, page, section }: StoredChunk): ChunkResponse {
  return { id, ordinal, page, section, content };
}

export function toLabels(body: {
  title?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
  owner_id?: string | null | undefined;
  personas?: string[] | undefined;
}): DocumentLabels {
  return { title: body.title, metadata: body.metadata, ownerId: body.owner_id, personas: body.personas };
}
