/** Pure parts of structured output: the JSON Schema to ask with, and what to make of the words that come back. */
import { storableJson } from '#platform/text';
import { z } from 'zod';

export interface OutputSchema {
  readonly json: Record<string, unknown>;
  /** Whether it fits the providers' strict mode: every property required, none besides. */
  readonly strict: boolean;
}

/** Of schemas that live as long as the program, or as a tenant's agents; providers keep compiled grammars by their text. */
const made = new WeakMap<z.ZodType, OutputSchema>();

/** Made once for each schema object. */
export function outputSchema(schema: z.ZodType): OutputSchema {
  const known = made.get(schema);
  if (known !== undefined) return known;
  const json = clean(z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any', target: 'draft-7' }));
  const output = { json, strict: isStrict(json) };
  made.set(schema, output);
  return output;
}

/** Without what says nothing to a model and is refused by some endpoints. */
function clean(schema: object): Record<string, unknown> {
  const entries = Object.entries(schema).filter(
    ([key, value]) => key !== '$schema' && key !== 'default' && !(BOUNDS.has(key) && NO_BOUND.has(value)),
  );
  return Object.fromEntries(
    entries.map(([key, value]) => [
      key,
      key === 'properties' ? mapValues(value as object, cleanValue) : cleanValue(value),
    ]),
  );
}

/** Of members, whose names are anybody's. */
function mapValues(members: object, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, change(value)]));
}

function cleanValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleanValue);
  return typeof value === 'object' && value !== null ? clean(value) : value;
}

/** How zod says "an integer". */
const BOUNDS = new Set(['minimum', 'maximum']);
const NO_BOUND = new Set<unknown>([Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]);

/** Keywords that strict mode refuses. */
const NOT_STRICT = ['minLength', 'maxLength', 'propertyNames', 'patternProperties', 'allOf', 'not', 'if', 'oneOf'];

function isStrict(node: unknown): boolean {
  if (Array.isArray(node)) return node.every(isStrict);
  if (typeof node !== 'object' || node === null) return true;
  const schema = node as Record<string, unknown>;
  if (NOT_STRICT.some((key) => key in schema)) return false;
  if (schema['type'] === 'object') {
    const required = Array.isArray(schema['required']) ? schema['required'] : [];
    const properties = Object.keys(schema['properties'] ?? {});
    if (schema['additionalProperties'] !== false || !properties.every((key) => required.includes(key))) return false;
    return Object.values(schema['properties'] ?? {}).every(isStrict);
  }
  return Object.entries(schema).every(([key, value]) => key === 'enum' || key === 'const' || isStrict(value));
}

/** The instruction for models that know neither json_schema nor tools. */
export function textInstruction(name: string, json: Record<string, unknown>): string {
  return `Answer with nothing but one JSON value named "${name}" that satisfies this JSON Schema: ${JSON.stringify(json)}`;
}

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  /** `json`: it was JSON at least. `problem` is fit to be shown to the model. */
  | { readonly ok: false; readonly json: boolean; readonly problem: string };

/** Finds the JSON value in what a model wrote, and checks it. */
export function checkAnswer<T>(text: string, schema: z.ZodType<T>): Checked<T> {
  const found = findJson(text);
  if (found === undefined) return { ok: false, json: false, problem: 'It was not JSON.' };
  const parsed = schema.safeParse(storableJson(found.value));
  if (parsed.success) return { ok: true, value: parsed.data };
  const issues = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.') || 'value'}: ${issue.message}`);
  return { ok: false, json: true, problem: issues.join('; ') };
}

function findJson(text: string): { value: unknown } | undefined {
  const fenced = /```(?:json)?\s*([\s\S]*?)```/.exec(text)?.[1];
  for (const candidate of [text, fenced, between(text, '{', '}'), between(text, '[', ']')]) {
    if (candidate === undefined) continue;
    try {
      return { value: JSON.parse(candidate) };
    } catch {
      // The next candidate may do.
    }
  }
  return undefined;
}

function between(text: string, open: string, close: string): string | undefined {
  const start = text.indexOf(open);
  const end = text.lastIndexOf(close);
  return start === -1 || end <= start ? undefined : text.slice(start, end + 1);
}
