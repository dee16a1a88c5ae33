import { InvalidInputError } from '#platform/errors';
import { timeSchema } from '#platform/http';
import { z } from 'zod';
import type { NewTool } from '../tool.service.js';
import type { StoredTool, ToolDraft } from './tool-admin.service.js';

const bounded = (bytes: number) => (value: object) => Buffer.byteLength(JSON.stringify(value)) <= bytes;

const changeable = {
  name: z.string().trim().min(1).max(200),
  description: z.string().trim().min(1, 'tells the model when to use it').max(2000),
  input_schema: z.record(z.string().max(100), z.json()).refine(bounded(32_768), 'must not exceed 32 KiB as JSON'),
  config: z.record(z.string().max(100), z.json()).refine(bounded(32_768), 'must not exceed 32 KiB as JSON'),
  read_only: z.boolean(),
  idempotent: z.boolean(),
  personas: z.array(z.string().trim().min(1).max(100)).max(50),
  enabled: z.boolean(),
};

/** `config` is an HTTP request: method, url and headers with `{{placeholders}}` of the input, body, result_path, … */
export const createToolBody = z.strictObject({
  key: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'must start with a letter and hold only a–z, 0–9, _ and - (at most 63)'),
  kind: z.enum(['http']).default('http'),
  ...changeable,
  input_schema: changeable.input_schema.default({ type: 'object', properties: {} }),
  read_only: changeable.read_only.default(false),
  idempotent: changeable.idempotent.default(false),
  personas: changeable.personas.default([]),
  enabled: changeable.enabled.default(true),
});
export type CreateToolBody = z.infer<typeof createToolBody>;

export const patchToolBody = z.strictObject(changeable).partial();
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
    enabled: body.enabled,
  };
}

/**
 * What was sent over what is there: absent fields stay, and so do headers that come back as they were shown.
 * @throws InvalidInputError when such headers would go to another server
 */
export function withChange(current: StoredTool, body: PatchToolBody): ToolDraft {
  return {
    key: current.key,
    kind: current.kind,
    name: body.name ?? current.name,
    description: body.description ?? current.description,
    inputSchema: body.input_schema ?? current.inputSchema,
    config: body.config === undefined ? current.config : withStoredSecrets(body.config, current.config),
    readOnly: body.read_only ?? current.readOnly,
    idempotent: body.idempotent ?? current.idempotent,
    personas: body.personas ?? current.personas,
    enabled: body.enabled ?? current.enabled,
  };
}

/** Headers often carry the key of the tenant's API: afterwards only the last four characters of each are shown. */
function withoutSecrets(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const headers = headersOf(config);
  return headers === null ? { ...config } : { ...config, headers: mapValues(headers, masked) };
}

function withStoredSecrets(
  sent: Readonly<Record<string, unknown>>,
  stored: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const [headers, known] = [headersOf(sent), headersOf(stored)];
  if (headers === null || known === null) return { ...sent };
  const kept = mapValues(headers, (value, name) => {
    if (!Object.hasOwn(known, name) || value !== masked(known[name])) return value;
    // Else whoever may not read a secret could have it sent to a server of their own.
    if (originOf(sent) !== originOf(stored))
      throw new InvalidInputError(`config: the address is another server's, so send the value of "${name}" again`, {
        field: 'config',
      });
    return known[name];
  });
  return { ...sent, headers: kept };
}

function headersOf({ headers }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | null {
  return typeof headers === 'object' && headers !== null ? (headers as Readonly<Record<string, unknown>>) : null;
}

/** As it is written: a placeholder in it is part of it. */
function originOf({ url }: Readonly<Record<string, unknown>>): string {
  return /^[^/]*\/\/[^/?#\\]*/.exec(String(url))?.[0] ?? '';
}

function masked(value: unknown): string {
  return `…${String(value).slice(-4)}`;
}

function mapValues(
  record: Readonly<Record<string, unknown>>,
  change: (value: unknown, name: string) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]));
}
