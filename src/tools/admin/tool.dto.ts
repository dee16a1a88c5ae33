import { idSchema, timeSchema } from '#platform/http';
import { atMost } from '#platform/text';
import { z } from 'zod';
import type { NewTool, StoredTool } from '../tool.repository.js';
import type { ToolDraft } from './tool-admin.service.js';

const bounded = (bytes: number) => (value: object) => Buffer.byteLength(JSON.stringify(value)) <= bytes;

const changeable = {
  name: z
    .string()
    .trim()
    .min(1)
    .check(...atMost(200)),
  description: z
    .string()
    .trim()
    .min(1, 'tells the model when to use it')
    .check(...atMost(2000)),
  input_schema: z
    .record(z.string().check(...atMost(100)), z.json())
    .refine(bounded(32_768), 'must not exceed 32 KiB as JSON'),
  config: z
    .record(z.string().check(...atMost(100)), z.json())
    .refine(bounded(32_768), 'must not exceed 32 KiB as JSON'),
  read_only: z.boolean(),
  idempotent: z.boolean(),
  personas: z
    .array(
      z
        .string()
        .trim()
        .min(1)
        .check(...atMost(100)),
    )
    .max(50),
  credential_id: idSchema.nullable(),
  enabled: z.boolean(),
};

/** `config` is an HTTP request: method, url and headers with `{{placeholders}}` of the input, body, result_path, … */
export const createToolBody = z
  .strictObject({
    key: z
      .string()
      .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'must start with a letter and hold only a–z, 0–9, _ and - (at most 63)'),
    kind: z.enum(['http']).default('http'),
    ...changeable,
    input_schema: changeable.input_schema.default({ type: 'object', properties: {} }),
    read_only: changeable.read_only.default(false),
    idempotent: changeable.idempotent.default(false),
    personas: changeable.personas.default([]),
    credential_id: changeable.credential_id.default(null),
    enabled: changeable.enabled.default(true),
  })
  .meta({
    example: {
      key: 'order_status',
      name: 'Order status',
      description: 'Where an order is, by its number',
      input_schema: { type: 'object', properties: { order_id: { type: 'string' } }, required: ['order_id'] },
      config: { method: 'GET', url: 'https://shop.example.com/api/orders/{{order_id}}' },
      read_only: true,
    },
  });
export type CreateToolBody = z.infer<typeof createToolBody>;

export const patchToolBody = z
  .strictObject(changeable)
  .partial()
  .meta({ example: { description: 'Where an order is, and when it comes' } });
export type PatchToolBody = z.infer<typeof patchToolBody>;

export const toolResponse = z
  .object({
    id: z.string(),
    key: z.string(),
    kind: z.string(),
    name: z.string(),
    description: z.string(),
    input_schema: z.record(z.string(), z.unknown()),
    config: z.record(z.string(), z.unknown()),
    read_only: z.boolean(),
    idempotent: z.boolean(),
    personas: z.array(z.string()),
    credential_id: z.string().nullable(),
    enabled: z.boolean(),
    created_at: timeSchema,
    updated_at: timeSchema,
  })
  .meta({ id: 'Tool' });
export type ToolResponse = z.infer<typeof toolResponse>;

export function toToolResponse(tool: StoredTool): ToolResponse {
  return {
    id: tool.id,
    key: tool.key,
    kind: tool.kind,
    name: tool.name,
    description: tool.description,
    input_schema: { ...tool.inputSchema },
    config: { ...tool.config },
    read_only: tool.readOnly,
    idempotent: tool.idempotent,
    personas: [...tool.personas],
    credential_id: tool.credentialId,
    enabled: tool.enabled,
    created_at: tool.createdAt.toISOString(),
    updated_at: tool.updatedAt.toISOString(),
  };
}

export function toNewTool(body: CreateToolBody): NewTool {
  return {
    key: body.key,
    kind: body.kind,
    name: body.name,
    description: body.description,
    inputSchema: body.input_schema,
    config: body.config,
    readOnly: body.read_only,
    idempotent: body.idempotent,
    personas: body.personas,
    credentialId: body.credential_id,
    enabled: body.enabled,
  };
}

/** What was sent over what is there: absent fields stay. */
export function withChange(current: StoredTool, body: PatchToolBody): ToolDraft {
  return {
    key: current.key,
    kind: current.kind,
    name: body.name ?? current.name,
    description: body.description ?? current.description,
    inputSchema: body.input_schema ?? current.inputSchema,
    config: body.config ?? current.config,
    readOnly: body.read_only ?? current.readOnly,
    idempotent: body.idempotent ?? current.idempotent,
    personas: body.personas ?? current.personas,
    credentialId: body.credential_id === undefined ? current.credentialId : body.credential_id,
    enabled: body.enabled ?? current.enabled,
  };
}
