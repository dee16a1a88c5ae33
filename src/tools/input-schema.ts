import { LinearPattern, PatternError } from './linear-pattern.js';
import { isDangerousKey } from './tool-text.js';
import type { JsonSchema } from './tool.js';

/** A schema that cannot be a tool's input; the message says what to change. */
export class InputSchemaError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InputSchemaError';
  }
}

/** Says to the compiler how many steps applying this part of the schema to a value takes. */
export const WORK = '$work';

const MAX_JSON_LENGTH = 32_768;
const MAX_DEPTH = 12;
/** Parts of a schema, each counted as often as references and alternatives lead to it. */
const MAX_NODES = 500;
const MAX_PROPERTIES = 100;
const MAX_PATTERNS = 50;
/** A default is put into every object that lacks it, an array's thousand objects included. */
const MAX_DEFAULT_LENGTH = 1000;
/** Comparing with a listed value is that much cheaper than applying a part of the schema. */
const VALUES_PER_STEP = 4;
/** Applying a part, its complaints included. */
const STEPS = 4;
const COMBINATORS = ['allOf', 'anyOf', 'oneOf', 'not', 'if', '$ref'];
/** Keywords whose value maps names to schemas. */
const MAPS = new Set(['properties', 'patternProperties', 'definitions', '$defs', 'dependencies']);
/** Of these, the ones that are not applied to anything themselves. */
const DEFINITIONS = new Set(['definitions', '$defs']);
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
/** Keywords that apply schemas to the very value that they stand for, not to a part of it. */
const IN_PLACE = new Set(['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependencies']);
/** Identity is the program's: equal ids of two tenants would collide in the compiler, and a reference could leave the document. */
const DROPPED = new Set(['$id', 'id', '$schema', '$anchor', '$async', '$comment', '$data', WORK]);

type Node = Readonly<Record<string, unknown>>;

/**
 * The schema as it is enforced: a copy without ids, in which an object that lists its properties takes no others, and in
 * which every part says what applying it costs.
 * @throws InputSchemaError when it is no object schema, refers to something outside itself, has a pattern that is not
 *   taken, or could cost out of all proportion: then the message says what to make smaller
 */
export function enforcedSchema(schema: JsonSchema): JsonSchema {
  if (lengthOf(schema) > MAX_JSON_LENGTH) {
    throw new InputSchemaError(`The input schema is larger than ${MAX_JSON_LENGTH} characters: make it smaller.`);
  }
  if (schema['type'] !== 'object' || COMBINATORS.some((keyword) => Object.hasOwn(schema, keyword))) {
    throw new InputSchemaError(
      'The input schema must be {"type": "object", "properties": {…}}; combine schemas below its properties only.',
    );
  }
  if (isObject(schema['properties']) && Object.keys(schema['properties']).length > MAX_PROPERTIES) {
    throw new InputSchemaError(
      `The input schema has more than ${MAX_PROPERTIES} properties: group some in an object, or make two tools of it.`,
    );
  }
  const copy = { additionalProperties: false, ...new Copier().object(schema, 0, true) };
  new Expansion(copy).count();
  return copy;
}

class Copier {
  private patterns = 0;

  object(schema: Node, depth: number, strict: boolean): Record<string, unknown> {
    if (depth > MAX_DEPTH) throw new InputSchemaError(`The input schema is nested deeper than ${MAX_DEPTH} levels.`);
    const copy: Record<string, unknown> = {};
    let values = 0;
    for (const [keyword, value] of Object.entries(schema)) {
      if (DROPPED.has(keyword)) continue;
      this.check(keyword, value);
      // Below a combinator each branch sees the whole object, so it may not forbid what another branch allows.
      if (MAPS.has(keyword) && isObject(value)) {
        copy[keyword] = this.map(value, depth + 1, strict);
        values += Object.keys(value).length;
      } else if (SCHEMAS.has(keyword)) {
        copy[keyword] = this.below(value, depth + 1, strict && !isCombinator(keyword));
      } else {
        copy[keyword] = value;
        values += COMPARED.has(keyword) ? sizeOf(value) : 0;
      }
    }
    const closed =
      strict && isObject(copy['properties']) && !COMBINATORS.some((keyword) => Object.hasOwn(copy, keyword));
    if (closed && copy['additionalProperties'] === undefined && copy['patternProperties'] === undefined) {
      copy['additionalProperties'] = false;
    }
    if (Object.keys(copy).length > 0) copy[WORK] = STEPS + Math.ceil(values / VALUES_PER_STEP);
    return copy;
  }

  private check(keyword: string, value: unknown): void {
    if (keyword === '$ref' && !(typeof value === 'string' && value.startsWith('#'))) {
      throw new InputSchemaError('A $ref of the input schema must stay inside it: write it as "#/definitions/name".');
    }
    if (keyword === 'pattern' && typeof value === 'string') this.pattern(value);
    if (keyword === 'patternProperties' && isObject(value)) Object.keys(value).forEach((item) => this.pattern(item));
    if (keyword === 'default' && lengthOf(value) > MAX_DEFAULT_LENGTH) {
      throw new InputSchemaError(`A default of the input schema is longer than ${MAX_DEFAULT_LENGTH} characters.`);
    }
  }

  private pattern(source: string): void {
    this.patterns += 1;
    if (this.patterns > MAX_PATTERNS) {
      throw new InputSchemaError(`The input schema has more than ${MAX_PATTERNS} patterns: leave some out.`);
    }
    try {
      LinearPattern.of(source);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      throw new InputSchemaError(`The pattern "${source.slice(0, 100)}" is not taken: ${error.message}.`);
    }
  }

  private map(schemas: Node, depth: number, strict: boolean): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    for (const [name, schema] of Object.entries(schemas)) {
      if (isDangerousKey(name)) throw new InputSchemaError(`The input schema may not use the name "${name}".`);
      copy[name] = this.below(schema, depth, strict);
    }
    return copy;
  }

  private below(value: unknown, depth: number, strict: boolean): unknown {
    if (Array.isArray(value)) return value.map((item) => this.below(item, depth, strict));
    return isObject(value) ? this.object(value, depth, strict) : value;
  }
}

/** Keywords whose values each value is held against. */
const COMPARED = new Set(['enum', 'const', 'required', 'type']);

/**
 * Walks the schema as validation may: through references, each as often as something leads to it. A definition that two
 * alternatives use, each of which two others use, and so on, is a short text and more work than there is time. A reference
 * back to what is being walked counts once: how often it is followed is up to the value, and a meter counts that.
 */
class Expansion {
  private nodes = 0;
  private readonly walked: unknown[] = [];

  constructor(private readonly root: JsonSchema) {}

  /** @throws InputSchemaError */
  count(): void {
    this.walk(this.root, new Set());
  }

  /** @param here what is applied to the same value already: to meet one of them again would never end */
  private walk(node: unknown, here: ReadonlySet<unknown>): void {
    if (!isObject(node)) return;
    this.nodes += 1;
    if (this.nodes > MAX_NODES) {
      throw new InputSchemaError(
        `The input schema has more than ${MAX_NODES} parts when its references are followed: use fewer alternatives (anyOf, oneOf, allOf) that lead to the same definitions.`,
      );
    }
    if (here.has(node)) {
      throw new InputSchemaError(
        'A $ref of the input schema leads back to itself without going into a property or an item: such a value could never be checked.',
      );
    }
    if (this.walked.includes(node)) return;
    this.walked.push(node);
    const same = new Set(here).add(node);
    const nothing = new Set();
    if (typeof node['$ref'] === 'string') this.walk(this.target(node['$ref']), same);
    for (const [keyword, value] of Object.entries(node)) {
      const applied = IN_PLACE.has(keyword) ? same : nothing;
      if (MAPS.has(keyword) && isObject(value)) {
        if (!DEFINITIONS.has(keyword)) for (const item of Object.values(value)) this.walk(item, applied);
      } else if (SCHEMAS.has(keyword)) {
        for (const item of Array.isArray(value) ? value : [value]) this.walk(item, applied);
      }
    }
    this.walked.pop();
  }

  /** What a reference means, which must stand where schemas do: all else was copied without being looked at. */
  private target(reference: string): Node {
    let current: unknown = this.root;
    let isSchema = true;
    for (const key of pointerKeys(reference)) {
      if (Array.isArray(current)) [current, isSchema] = [current[Number(key)], true];
      else if (!isObject(current) || !Object.hasOwn(current, key)) current = undefined;
      else if (!isSchema) [current, isSchema] = [current[key], true];
      else if (MAPS.has(key) || SCHEMAS.has(key)) [current, isSchema] = [current[key], !MAPS.has(key)];
      else current = undefined;
    }
    if (isObject(current) && isSchema) return current;
    throw new InputSchemaError(
      `The $ref "${reference.slice(0, 100)}" leads nowhere: write it as "#/definitions/name", and define the name there.`,
    );
  }
}

function pointerKeys(reference: string): string[] {
  if (reference === '#') return [];
  if (!reference.startsWith('#/')) return [''];
  try {
    return decodeURIComponent(reference.slice(2))
      .split('/')
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  } catch {
    return [''];
  }
}

function isCombinator(keyword: string): boolean {
  return COMBINATORS.includes(keyword) || keyword === 'then' || keyword === 'else';
}

/** Infinity for what is nested too deeply to be written at all. */
function lengthOf(value: unknown): number {
  try {
    return (JSON.stringify(value) ?? '').length;
  } catch {
    return Infinity;
  }
}

function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + sizeOf(item), 1);
  return isObject(value) ? 1 + sizeOf(Object.values(value)) : 1;
}

function isObject(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
