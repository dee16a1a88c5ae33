import { atMost } from '#platform/text';
import { z } from 'zod';
import { placeholdersIn, urlPlaceholders, UrlTemplateError } from './url-template.js';

/** Placeholders that mean the caller instead of an argument: they cannot be set by a model. */
export const CALLER_PLACEHOLDERS = ['caller.id', 'caller.persona', 'tenant.id', 'conversation.id'] as const;

const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'must be a header name');

const schema = z.strictObject({
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  /** `https://host/orders/{{order_number}}?email={{email}}` */
  url: z
    .string()
    .min(1)
    .check(...atMost(2048)),
  /** Sent as they are; a value may have placeholders. */
  headers: z.record(headerName, z.string().check(...atMost(4096))).default({}),
  /** `json`: the arguments that URL and headers do not use. An object: a template in which `"{{name}}"` keeps its type. */
  body: z.union([z.enum(['json', 'none']), z.record(z.string(), z.json())]).optional(),
  /** Dot path of the part of the answer that is the result; all of it unless told. */
  result_path: z
    .string()
    .min(1)
    .check(...atMost(200))
    .optional(),
  /** Makes the result a structured part for the client as well. */
  payload_type: z
    .string()
    .min(1)
    .check(...atMost(64))
    .optional(),
  /** Dot path of the payload's items in the answer; the result itself unless told. */
  items_path: z
    .string()
    .min(1)
    .check(...atMost(200))
    .optional(),
  /**
   * Whether the user is asked before a tool that changes something runs: never, where it sends something to an address
   * (email, telephone or account number) that only the conversation names, or always.
   */
  confirm: z.enum(['never', 'address', 'always']).default('address'),
  timeout_ms: z.number().int().min(100).max(120_000).default(10_000),
  max_bytes: z.number().int().min(1024).max(2_097_152).default(262_144),
});

export type HttpToolConfig = z.infer<typeof schema>;

export type HttpConfigResult =
  { readonly ok: true; readonly config: HttpToolConfig } | { readonly ok: false; readonly faults: readonly string[] };

/** Reads the `config` of an HTTP tool, and checks that its placeholders stand where they may. */
export function parseHttpToolConfig(config: unknown): HttpConfigResult {
  const parsed = schema.safeParse(config);
  if (!parsed.success) {
    return { ok: false, faults: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) };
  }
  const faults = [...templateFaults(parsed.data), ...secretFaults(parsed.data)];
  return faults.length === 0 ? { ok: true, config: parsed.data } : { ok: false, faults };
}

/** Every placeholder of a tool's URL and headers. */
export function usedPlaceholders(config: HttpToolConfig): string[] {
  return [...urlPlaceholders(config.url), ...Object.values(config.headers).flatMap(placeholdersIn)];
}

function* templateFaults(config: HttpToolConfig): Generator<string> {
  try {
    const unknown = usedPlaceholders(config).filter((name) => name.includes('.') && !isCallerPlaceholder(name));
    for (const name of unknown) yield `{{${name}}} is not known; there are ${CALLER_PLACEHOLDERS.join(', ')}`;
  } catch (error) {
    if (!(error instanceof UrlTemplateError)) throw error;
    yield `url: ${error.message}`;
  }
  if (config.items_path !== undefined && config.payload_type === undefined) yield 'items_path: needs a payload_type';
  if (config.body !== undefined && config.body !== 'none' && ['GET', 'HEAD'].includes(config.method)) {
    yield `body: ${config.method} requests have none`;
  }
  for (const name of Object.keys(config.headers)) {
    if (name.toLowerCase() === 'idempotency-key') yield `headers.${name}: is set by the program`;
  }
}

/** Names of headers, parameters and members that hold a key. Their value may come from a placeholder, never stand there. */
const SECRET_NAMES =
  /^(?:(?:proxy-)?authorization|cookie|(?:.*[-_.])?(?:api|access|auth|secret|private|subscription)[-_]?key|key|(?:.*[-_])?(?:token|secret|passw(?:or)?d|pwd|signature|credentials?))$/i;
const SECRET_VALUES = /^(?:bearer|basic|token)\s+\S{6,}$/i;
const WHERE_TO = 'is a secret: store it as a credential and name that by credential_id';

/** Whoever may read tools would read it, and so would backups: secrets are sealed as credentials. */
function* secretFaults(config: HttpToolConfig): Generator<string> {
  for (const [name, value] of Object.entries(config.headers))
    if (isSecret(name, value)) yield `headers.${name}: ${WHERE_TO}`;
  const query = config.url.split('?')[1] ?? '';
  for (const [name, value] of new URLSearchParams(query)) if (isSecret(name, value)) yield `url: ${name} ${WHERE_TO}`;
  if (/^https?:\/\/[^/?#]*@/i.test(config.url)) yield `url: its user ${WHERE_TO}`;
  if (typeof config.body === 'object') yield* secretMembers(config.body, 'body');
}

function* secretMembers(value: unknown, path: string): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (typeof member === 'string' && isSecret(name, member)) yield `${path}.${name}: ${WHERE_TO}`;
    yield* secretMembers(member, `${path}.${name}`);
  }
}

function isSecret(name: string, value: string): boolean {
  if (value === '' || placeholdersIn(value).length > 0) return false;
  return SECRET_NAMES.test(name) || SECRET_VALUES.test(value);
}

function isCallerPlaceholder(name: string): boolean {
  return (CALLER_PLACEHOLDERS as readonly string[]).includes(name);
}
