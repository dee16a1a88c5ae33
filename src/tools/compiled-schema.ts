import { _, Ajv, type ErrorObject, type KeywordCxt, type ValidateFunction } from 'ajv';
import { LRUCache } from 'lru-cache';
import { canonicalJson } from './idempotency-key.js';
import { enforcedSchema, InputSchemaError, WORK } from './input-schema.js';
import { LinearPattern } from './linear-pattern.js';
import type { JsonSchema } from './tool.js';
import type { WorkMeter } from './work-meter.js';

type Arguments = Record<string, unknown>;

/** A schema that arguments can be held against, or what is wrong with it. */
export type CompiledSchema = { readonly check: SchemaCheck } | { readonly fault: InputSchemaError };

/**
 * Null when the arguments satisfy the schema; defaults are filled in.
 * @throws WorkExceededError when the arguments are more than the meter allows for
 */
export type SchemaCheck = (args: Arguments, meter: WorkMeter) => readonly ErrorObject[] | null;

const MAX_COMPILED = 500;
/** A character of a string costs that little: its length is counted, or a format read. */
const CHARACTERS_PER_STEP = 64;

/** The meter of the validation that runs: it runs in one piece. */
let current: WorkMeter | null = null;

const byObject = new WeakMap<JsonSchema, CompiledSchema>();
/** By the text as well, since rows are read anew. */
const byText = new LRUCache<string, CompiledSchema>({ max: MAX_COMPILED });

/** Compiles a schema once, and judges a bad one once. */
export function compiledSchema(source: JsonSchema): CompiledSchema {
  const known = byObject.get(source);
  if (known !== undefined) return known;
  let text: string;
  try {
    text = JSON.stringify(source);
  } catch {
    return { fault: new InputSchemaError('The input schema is nested too deeply.') };
  }
  const compiled = byText.get(text) ?? compile(source);
  byText.set(text, compiled);
  byObject.set(source, compiled);
  return compiled;
}

function compile(source: JsonSchema): CompiledSchema {
  try {
    const schema = enforcedSchema(source);
    if (judge().validateSchema(schema) !== true) throw new Error(judge().errorsText(judge().errors?.slice(0, 2)));
    return { check: checkBy(newCompiler().compile<Arguments>(schema)) };
  } catch (error) {
    if (error instanceof InputSchemaError) return { fault: error };
    const reason = error instanceof Error ? error.message.slice(0, 200) : 'it cannot be compiled';
    return { fault: new InputSchemaError(`The input schema is not a valid JSON Schema (draft-07): ${reason}`) };
  }
}

function checkBy(validate: ValidateFunction<Arguments>): SchemaCheck {
  return (args, meter) => {
    current = meter;
    try {
      return validate(args) ? null : (validate.errors ?? []);
    } finally {
      current = null;
      validate.errors = null;
    }
  };
}

let schemaJudge: Ajv | null = null;

/** Knows the meta-schema and compiles nothing else. */
function judge(): Ajv {
  return (schemaJudge ??= new Ajv({ strict: false, logger: false, validateFormats: false }));
}

/** One for each schema: a compiler keeps what it ever compiled, down to each pattern, and goes with its schema. */
function newCompiler(): Ajv {
  const ajv = new Ajv({
    allErrors: true,
    strict: false,
    useDefaults: true,
    ownProperties: true,
    logger: false,
    meta: false,
    validateSchema: false,
    addUsedSchema: false,
    // A definition is code once, however many references lead to it.
    inlineRefs: false,
    // Shorter code is not worth twice the time to make it.
    code: { regExp: meteredPattern, optimize: false },
    formats: {
      date: isDate,
      'date-time': (text: string) => /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text)),
      time: /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/,
      email: /^[^\s@<>"',;:]{1,64}@[^\s@<>"',;:]{1,255}$/,
      uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
      uri: (text: string) => URL.canParse(text),
    },
  });
  ajv.addKeyword({ keyword: WORK, code: spendBefore });
  // The stock keyword compares each item with each other.
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    error: { message: 'must NOT have duplicate items' },
    validate: (wanted: unknown, items: unknown) => wanted !== true || allDiffer(items as readonly unknown[]),
  });
  return ajv;
}

function spendBefore({ data, gen, schema }: KeywordCxt): void {
  const spend = gen.scopeValue('func', { ref: spendOn });
  gen.code(_`${spend}(${Number(schema)}, ${data})`);
}

function spendOn(steps: number, value: unknown): void {
  current?.spend(steps + ownSize(value));
}

/** What the keywords of one part may look at: names, items, characters. */
function ownSize(value: unknown): number {
  if (typeof value === 'string') return Math.floor(value.length / CHARACTERS_PER_STEP);
  if (Array.isArray(value)) return value.length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

function allDiffer(items: readonly unknown[]): boolean {
  const seen = new Set<string>();
  for (const item of items) {
    const text = canonicalJson(item);
    current?.spend(1 + Math.floor(text.length / CHARACTERS_PER_STEP));
    if (seen.has(text)) return false;
    seen.add(text);
  }
  return true;
}

/** What the compiler takes in place of `RegExp`. It tells patterns apart by their text. */
function meteredPattern(source: string): { test(text: string): boolean; toString(): string } {
  const pattern = LinearPattern.of(source);
  return {
    test: (text) => current !== null && pattern.test(text, current),
    toString: () => pattern.toString(),
  };
}

/** The name under which generated code would import it; the code is never written out. */
meteredPattern.code = 'meteredPattern';

/** The calendar is checked too: 30 February is not a date. */
function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toJSON().startsWith(text);
}
