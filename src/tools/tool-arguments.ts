import { toUSVString } from 'node:util';
import type { FieldError } from '#platform/errors';
import type { ErrorObject } from 'ajv';
import { compiledSchema } from './compiled-schema.js';
import type { JsonSchema } from './tool.js';
import { isDangerousKey } from './tool-text.js';
import { WorkExceededError, WorkMeter } from './work-meter.js';

export type ArgumentsResult =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | {
      readonly ok: false;
      /** Required arguments that are not there: what to ask the user for. */
      readonly missing: readonly string[];
      readonly errors: readonly FieldError[];
    };

const MAX_DEPTH = 16;
const MAX_NODES = 5000;
const MAX_STRING = 20_000;
const MAX_NAME = 200;
/** For a hundred thousand parts of a schema applied, or a good pattern held against the longest text. */
const MAX_STEPS = 400_000;
const MOST_FAULTS = 100;
const TOO_MUCH = 'the arguments are too large to be checked: send fewer or shorter ones';

/**
 * Checks arguments against a tool's schema. Strings are trimmed; an argument that is null or empty counts as not given;
 * defaults are filled in; types are not converted; unknown arguments are refused. The input is not changed.
 * @param meter the work of several checks together; each has its own unless told
 * @throws InputSchemaError when the schema itself is not valid
 */
export function validateArguments(
  schema: JsonSchema,
  args: unknown,
  meter: WorkMeter = new WorkMeter(MAX_STEPS),
): ArgumentsResult {
  const compiled = compiledSchema(schema);
  if ('fault' in compiled) throw compiled.fault;
  const copied = copyArguments(args);
  if (!copied.ok) return { ok: false, missing: [], errors: [copied.error] };
  const value = withoutEmpty(copied.value);
  let found: readonly ErrorObject[] | null;
  try {
    found = compiled.check(value, meter);
  } catch (error) {
    // A default that asks for itself ends at the stack's end.
    if (!(error instanceof WorkExceededError || error instanceof RangeError)) throw error;
    return { ok: false, missing: [], errors: [{ path: '', message: TOO_MUCH }] };
  }
  if (found === null) return { ok: true, value };
  const errors = found.slice(0, MOST_FAULTS).map(fieldError);
  const missing = found
    .filter((error) => error.keyword === 'required' && error.instancePath === '')
    .map((error) => String(error.params['missingProperty']));
  return { ok: false, missing, errors };
}

/** What is wrong with a schema, or null; for when a tool is saved. */
export function inputSchemaFault(schema: JsonSchema): string | null {
  const compiled = compiledSchema(schema);
  return 'fault' in compiled ? compiled.fault.message : null;
}

/** One sentence for people from the list of faults. */
export function describeFaults(errors: readonly FieldError[]): string {
  const listed = errors
    .slice(0, 3)
    .map((error) => (error.path === '' ? error.message : `${error.path} ${error.message}`));
  return `Please check: ${listed.join('; ')}.`;
}

type Copied =
  { readonly ok: true; readonly value: Record<string, unknown> } | { readonly ok: false; readonly error: FieldError };

/** A plain, trimmed copy; refuses what could reach a prototype or is out of all proportion. */
function copyArguments(args: unknown): Copied {
  let nodes = 0;
  let fault: FieldError | null = null;
  const refuse = (path: string, message: string): null => {
    fault ??= { path, message };
    return null;
  };
  const copy = (item: unknown, path: string, depth: number): unknown => {
    nodes += 1;
    if (fault !== null) return null;
    if (depth > MAX_DEPTH || nodes > MAX_NODES) return refuse(path, 'is too large or nested too deeply');
    if (typeof item === 'string') {
      const text = toUSVString(item).replaceAll('\0', '').trim();
      return text.length > MAX_STRING ? refuse(path, `must have at most ${MAX_STRING} characters`) : text;
    }
    if (Array.isArray(item)) return item.map((entry, index) => copy(entry, join(path, String(index)), depth + 1));
    if (typeof item === 'object' && item !== null) {
      const result: Record<string, unknown> = {};
      for (const [key, entry] of Object.entries(item)) {
        if (isDangerousKey(key) || key.length > MAX_NAME)
          return refuse(join(path, key.slice(0, MAX_NAME)), 'is not a name that can be used');
        if (entry !== undefined) result[key] = copy(entry, join(path, key), depth + 1);
      }
      return result;
    }
    return ['number', 'boolean'].includes(typeof item) || item === null ? item : refuse(path, 'is not JSON');
  };
  if (typeof args !== 'object' || args === null || Array.isArray(args)) {
    return { ok: false, error: { path: '', message: 'the arguments must be an object' } };
  }
  const value = copy(args, '', 0);
  return fault === null ? { ok: true, value: value as Record<string, unknown> } : { ok: false, error: fault };
}

/** Models write null or an empty text for what they do not know. */
function withoutEmpty(args: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null && value !== ''));
}

function fieldError(error: ErrorObject): FieldError {
  const path = error.instancePath.split('/').slice(1).map(unescapePointer).join('.');
  const params: Readonly<Record<string, unknown>> = error.params;
  switch (error.keyword) {
    case 'required':
      return { path: join(path, String(params['missingProperty'])), message: 'is required' };
    case 'additionalProperties':
      return { path: join(path, String(params['additionalProperty'])), message: 'is not known to this tool' };
    case 'enum':
      return { path, message: `must be one of: ${(params['allowedValues'] as unknown[]).slice(0, 20).join(', ')}` };
    case 'format':
      return { path, message: `must be a valid ${String(params['format'])}` };
    case 'pattern':
      return { path, message: 'does not have the expected form' };
    default:
      return { path, message: error.message ?? 'is not valid' };
  }
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function unescapePointer(text: string): string {
  return text.replaceAll('~1', '/').replaceAll('~0', '~');
}
