import { type JsonSchema, type ToolDefinition, validateArguments, WorkMeter } from '#tools';

/** One argument of a tool, as far as extraction needs it. */
export interface SchemaProperty {
  readonly name: string;
  readonly schema: JsonSchema;
  /** A tool's schema with this argument alone, to judge a value by; the same object as long as `schema` is. */
  readonly alone: JsonSchema;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';
  readonly required: boolean;
  readonly description: string;
  /** How people call it: `title`, else the first words of the description, else the name in words. */
  readonly label: string;
  /** `x-labels`: the same in the languages that the tenant speaks, complete enough to be asked for. */
  readonly labels: Readonly<Record<string, string>>;
  readonly examples: readonly string[];
}

/** By the tool's schema: a turn asks for them a dozen times, and they never change. */
const kept = new WeakMap<JsonSchema, readonly SchemaProperty[]>();

/** The arguments of a tool, required ones first; the same objects as long as the tool's schema is. */
export function propertiesOf(tool: ToolDefinition): readonly SchemaProperty[] {
  const known = kept.get(tool.inputSchema);
  if (known !== undefined) return known;
  const read = readProperties(tool);
  kept.set(tool.inputSchema, read);
  return read;
}

function readProperties(tool: ToolDefinition): SchemaProperty[] {
  const { properties, required } = tool.inputSchema;
  if (!isRecord(properties)) return [];
  const needed = new Set(Array.isArray(required) ? required : []);
  return Object.entries(properties)
    .filter((entry): entry is [string, JsonSchema] => isRecord(entry[1]))
    .map(([name, schema]) => ({
      name,
      schema,
      alone: aloneOf(tool.inputSchema, name, schema),
      type: typeOf(schema),
      required: needed.has(name),
      description: text(schema['description']),
      label: labelOf(name, schema),
      labels: labelsOf(schema['x-labels']),
      examples: [schema['example'], ...(Array.isArray(schema['examples']) ? schema['examples'] : [])]
        .filter((example) => typeof example === 'string' || typeof example === 'number')
        .map(String),
    }))
    .sort((a, b) => Number(b.required) - Number(a.required));
}

/** By the tool's schema and the argument's name. Kept, so that each is compiled once. */
const alone = new WeakMap<JsonSchema, Map<string, JsonSchema>>();

function aloneOf(whole: JsonSchema, name: string, schema: JsonSchema): JsonSchema {
  const made = alone.get(whole) ?? new Map<string, JsonSchema>();
  alone.set(whole, made);
  const { $defs, definitions } = whole;
  const one = made.get(name) ?? {
    type: 'object',
    properties: { [name]: schema },
    ...(definitions === undefined ? {} : { definitions }),
    ...($defs === undefined ? {} : { $defs }),
  };
  made.set(name, one);
  return one;
}

export function missingOf(tool: ToolDefinition, values: Readonly<Record<string, unknown>>): SchemaProperty[] {
  return propertiesOf(tool).filter(
    ({ name, required, schema }) => required && !(name in values) && !('default' in schema),
  );
}

/**
 * What to ask for: in the user's language where the tenant gave it, else in the tenant's, else in English.
 * @param languages BCP 47 tags, the user's first
 */
export function askFor(property: SchemaProperty, ...languages: readonly string[]): string {
  const tags = [...languages, 'en'].flatMap((language) => [language, language.split('-')[0] ?? '']);
  const own = tags.map((tag) => property.labels[tag]).find((label) => label !== undefined);
  if (own !== undefined) return own;
  // Of a date, a form that every country reads alike.
  const [example = property.schema['format'] === 'date' ? 'YYYY-MM-DD' : undefined] = property.examples;
  return example === undefined ? property.label : `${property.label} (${example})`;
}

function labelsOf(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function typeOf(schema: JsonSchema): SchemaProperty['type'] {
  const type: unknown = Array.isArray(schema['type']) ? schema['type'].find((item) => item !== 'null') : schema['type'];
  switch (type) {
    case 'integer':
    case 'number':
    case 'boolean':
    case 'array':
    case 'object':
      return type;
    default:
      return 'string';
  }
}

function labelOf(name: string, schema: JsonSchema): string {
  const title = text(schema['title']);
  if (title !== '') return lowerFirst(title);
  const description =
    text(schema['description'])
      .split(/[.(:;,\n]|\s[–—-]\s/)[0]
      ?.trim() ?? '';
  if (description !== '' && description.length <= 60) return lowerFirst(description);
  return wordsOf(name).join(' ');
}

/** `orderId`, `order_id` → order, id. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
}

function lowerFirst(value: string): string {
  // "Order number" reads as "order number" in a sentence; "VAT id" and "IBAN" stay.
  return /^\p{Lu}\p{Ll}/u.test(value) ? value.charAt(0).toLowerCase() + value.slice(1) : value;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Steps for one message: a word of it is held against each tool's patterns, which are the tenant's. */
const MOST_STEPS = 2_000_000;

/** The work that judging one message's candidates may take; past it nothing more is found. */
export function judging(): WorkMeter {
  return new WorkMeter(MOST_STEPS);
}

/** True when the value satisfies the property's schema. */
export function fits(property: SchemaProperty, value: unknown, meter: WorkMeter = judging()): boolean {
  try {
    const checked = validateArguments(property.alone, { [property.name]: value }, meter);
    return checked.ok && property.name in checked.value;
  } catch {
    return false;
  }
}
