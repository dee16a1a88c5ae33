import type { JsonSchema } from './tool.js';
import { isDangerousKey } from './tool-text.js';

/** A schema that cannot be a tool's input; the message says what to change. */
export class InputSchemaError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InputSchemaError';
  }
}

const MAX_JSON_LENGTH = 32_768;
const MAX_DEPTH = 12;
const COMBINATORS = ['allOf', 'anyOf', 'oneOf', 'not', 'if', '$ref'];
/** Keywords whose value maps names to schemas. */
const MAPS = new Set(['properties', 'patternProperties', 'definitions', '$defs', 'dependencies']);
/** Keywords whose value is a schema, or a list of them. */
const SCHEMAS = new Set([
  'items',
  'additionalItems',
  'additionalProperties',
  'contains',
  'propertyNames',
  'not',
  'if',
  'then',
  'else',
  'allOf',
  'anyOf',
  'oneOf',
]);
/** Identity is the program's: equal ids of two tenants would collide in the compiler, and a reference could leave the document. */
const DROPPED = new Set(['$id', 'id', '$schema', '$anchor', '$async', '$comment', '$data']);

/**
 * The schema as it is enforced: a copy without ids, in which an object that lists its properties takes no others.
 * @throws InputSchemaError when it is too large, not an object schema, or refers to something outside itself
 */
export function enforcedSchema(schema: JsonSchema): JsonSchema {
  if (JSON.stringify(schema).length > MAX_JSON_LENGTH) {
    throw new InputSchemaError(`The input schema is larger than ${MAX_JSON_LENGTH} characters: make it smaller.`);
  }
  if (schema['type'] !== 'object' || COMBINATORS.some((keyword) => Object.hasOwn(schema, keyword))) {
    throw new InputSchemaError(
      'The input schema must be {"type": "object", "properties": {…}}; combine schemas below its properties only.',
    );
  }
  return { additionalProperties: false, ...object(schema, 0, true) };
}

function object(schema: Readonly<Record<string, unknown>>, depth: number, strict: boolean): Record<string, unknown> {
  if (depth > MAX_DEPTH) throw new InputSchemaError(`The input schema is nested deeper than ${MAX_DEPTH} levels.`);
  const copy: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (DROPPED.has(keyword)) continue;
    if (keyword === '$ref' && !(typeof value === 'string' && value.startsWith('#'))) {
      throw new InputSchemaError('A $ref of the input schema must stay inside it: write it as "#/definitions/name".');
    }
    // Below a combinator each branch sees the whole object, so it may not forbid what another branch allows.
    if (MAPS.has(keyword) && isObject(value)) copy[keyword] = map(value, depth + 1, strict);
    else if (SCHEMAS.has(keyword)) copy[keyword] = below(value, depth + 1, strict && !isCombinator(keyword));
    else copy[keyword] = value;
  }
  const closed = strict && isObject(copy['properties']) && !COMBINATORS.some((keyword) => Object.hasOwn(copy, keyword));
  if (closed && copy['additionalProperties'] === undefined && copy['patternProperties'] === undefined) {
    copy['additionalProperties'] = false;
  }
  return copy;
}

function map(schemas: Readonly<Record<string, unknown>>, depth: number, strict: boolean): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(schemas)) {
    if (isDangerousKey(name)) throw new InputSchemaError(`The input schema may not use the name "${name}".`);
    copy[name] = below(schema, depth, strict);
  }
  return copy;
}

function below(value: unknown, depth: number, strict: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => below(item, depth, strict));
  return isObject(value) ? object(value, depth, strict) : value;
}

function isCombinator(keyword: string): boolean {
  return COMBINATORS.includes(keyword) || keyword === 'then' || keyword === 'else';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
