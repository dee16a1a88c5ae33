import { timeSchema } from '#platform/http';
import { z } from 'zod';
import type { NewTool } from '../tool.service.js';
import type { StoredTool } from './tool-admin.service.js';

const bounded = (bytes: number) => (value: object) => Buffer.byteLength(JSON.stringify(value)) <= bytes;

/** `config` is an HTTP request: method, url and headers with `{{placeholders}}` of the input, body, result_path, … */
export const createToolBody = z.strictObject({
  key: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'must start with a letter and hold only a–z, 0–9, _ and - (at most 63)'),
  kind: z.enum(['http']).default('http'),
  name: z.string().trim().min(1).max(200),
  description: z.string().trim().min(1, 'tells the model when to use it').max(2000),
  input_schema: z
    .record(z.string().max(100), z.json())
    .refine(bounded(32_768), 'must not exceed 32 KiB as JSON')
    .default({ type: 'object', properties: {} }),
  config: z.record(z.string().max(100), z.json()).refine(bounded(32_768), 'must not exceed 32 KiB as JSON'),
  read_only: z.boolean().default(false),
  idempotent: z.boolean().default(false),
  personas: z.array(z.string().trim().min(1).max(100)).max(50).default([]),
});
export type CreateToolBody = z.infer<typeof createToolBody>;

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
    config: withoutSecrets(tool.config),
    read_only: tool.readOnly,
    idempotent: tool.idempotent,
    personas: [...tool.personas],
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
  };
}

/** Headers often carry the key of the tenant's API: afterwards only the last four characters of each are shown. */
function withoutSecrets(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { headers } = config;
  if (typeof headers !== 'object' || headers === null) return { ...config };
  const masked = Object.entries(headers).map(([name, value]) => [name, `…${String(value).slice(-4)}`]);
  return { ...config, headers: Object.fromEntries(masked) };
}
