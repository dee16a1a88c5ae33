import type { JsonSchema, ToolDefinition } from '#tools';
import { topicStems } from '#platform/text';
import { propertiesOf, wordsOf } from './tool-inputs.js';

/** When a tool that changes something asks first (`config.confirm`): where what it does cannot be called back. */
export type ConfirmMode = 'never' | 'address' | 'always';

/** "Shall I?" as a tool, so that the answer is read by what reads every other answer. */
export const CONFIRMATION: ToolDefinition = {
  id: 'confirmation',
  key: 'confirmation',
  name: 'Confirmation',
  description: 'Whether the customer agrees to what the service has just offered to do.',
  kind: 'builtin',
  inputSchema: {
    type: 'object',
    properties: {
      ok: {
        type: 'boolean',
        'x-plain': true,
        description: 'true only when the customer agrees to exactly what was offered; false when not',
      },
    },
    required: ['ok'],
  },
  idempotent: true,
  readOnly: true,
  personas: [],
  config: {},
};
/** Whether a message begins like an answer, whatever else it says: "yes, but only the first". */
export const ANSWER_BEGUN: ToolDefinition = {
  ...CONFIRMATION,
  id: 'answer-begun',
  key: 'answer_begun',
  inputSchema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
};
/** Too short a name to be looked for in a message: "is it confirmed?" agrees to nothing. */
export const CONFIRMED = 'ok';

export function confirmModeOf({ config, readOnly }: ToolDefinition): ConfirmMode {
  if (readOnly) return 'never';
  const mode = config['confirm'];
  return mode === 'never' || mode === 'always' ? mode : 'address';
}

/** By tool: the words of its name that its inputs do not have. */
const named = new WeakMap<ToolDefinition, ReadonlySet<string>>();

/**
 * Whether a message has a word of the tool's name: the least that a wish for what it does has. What its inputs are called is
 * no such word: "Where is order 1018?" does not ask for "Cancel an order".
 */
export function namesTool(tool: ToolDefinition, message: string): boolean {
  const names = named.get(tool) ?? ownWordsOf(tool);
  named.set(tool, names);
  return topicStems(message).some((stem) => names.has(stem));
}

function ownWordsOf(tool: ToolDefinition): ReadonlySet<string> {
  const inputs = propertiesOf(tool).map(({ label, name }) => `${name.replace(/[_-]/g, ' ')} ${label}`);
  const words = topicStems(`${tool.key.replace(/[_-]/g, ' ')} ${tool.name}`);
  const ofInputs = new Set(topicStems(inputs.join(' ')));
  const own = words.filter((word) => !ofInputs.has(word));
  return new Set(own.length > 0 ? own : words);
}

/** Alone, or as mail programs write it: "Eve <eve@example.com>", "mailto:eve@example.com". */
const EMAIL = /^(?:[^<>@]{0,80}<)?(?:mailto:)?([^\s@<>]{1,64}@[^\s@<>]{1,255})>?$/i;
/** With a scheme, whichever it is; by its host alone where the input is for addresses on the web. */
const URL_ALONE = /^<?(?:[a-z][a-z\d+.-]{1,20}:\/\/|(?:tel|sms|sips?|xmpp):)[^\s<>]{1,4000}>?$/i;
const HOST_ALONE = /^(?:[\p{L}\p{N}-]{1,63}\.){1,10}[\p{L}\p{N}-]{2,63}(?::\d{1,5})?(?:[/?#]\S{0,4000})?$/u;
const URL_NAME =
  /(?:^|_)(?:ur[il]|links?|(?:web)?hooks?|callback|endpoint|host(?:name)?|server|(?:web)?site|domain)(?:_|$)/;
const URL_FORMATS: readonly unknown[] = ['uri', 'url', 'iri', 'uri-reference', 'hostname'];
/** An address on the web may have a comma of its own. */
const BETWEEN = /[,;](?:$|\s|(?=[^\s,;]{1,64}@|[a-z][a-z\d+.-]{1,20}:))|\s(?=[a-z][a-z\d+.-]{1,20}:\/\/)/i;
const IBAN = /^[A-Z]{2}\d{2}(?: ?[A-Z\d]){11,30}$/i;
const PHONE = /^\+?[\d ()/.-]{6,24}$/;
const PHONE_NAME = /phone|mobile|(?:^|_)(?:tel|fax|sms|whatsapp)(?:_|$)|telefon|tel[eé]fono/i;

/**
 * The arguments that say where something goes to and that nobody has vouched for: email addresses, addresses on the web,
 * telephone and account numbers, wherever in an argument they stand.
 * @param own addresses that are known to be the caller's
 */
export function addressesIn(
  tool: ToolDefinition,
  args: Readonly<Record<string, unknown>>,
  own: readonly string[] = [],
): string[] {
  const known = new Set(own.map(plain));
  return propertiesOf(tool)
    .filter(({ name, schema }) =>
      textsIn(args[name], name).some((said) => {
        if (known.has(plain(said.text)) || isOffered(schema, said.text)) return false;
        return addressesOf(said, schema).some((address) => !known.has(plain(address)));
      }),
    )
    .map(({ name }) => name);
}

interface NamedText {
  readonly text: string;
  /** Of what holds it, in words joined by "_". */
  readonly name: string;
}

/** Of a text that is nothing but addresses: one, or a list of them. */
function addressesOf({ name, text }: NamedText, { format }: JsonSchema): string[] {
  const byPhone = PHONE_NAME.test(name) || format === 'phone' || format === 'tel';
  const byUrl = URL_NAME.test(name) || URL_FORMATS.includes(format);
  const addressOf = (part: string): string[] => {
    const [, email] = EMAIL.exec(part) ?? [];
    if (email !== undefined) return [email];
    if (URL_ALONE.test(part) || (byUrl && HOST_ALONE.test(part))) return [part];
    return IBAN.test(part) || (PHONE.test(part) && (byPhone || part.startsWith('+'))) ? [part] : [];
  };
  const whole = addressOf(text);
  if (whole.length > 0) return whole;
  const found = text.split(BETWEEN).flatMap((part) => (part.trim() === '' ? [] : [addressOf(part.trim())]));
  return found.every(({ length }) => length > 0) ? found.flat() : [];
}

/** One of those that the tenant has named in the schema itself. */
function isOffered({ const: only, default: otherwise, enum: members }: JsonSchema, text: string): boolean {
  const offered: readonly unknown[] = [only, otherwise, ...(Array.isArray(members) ? (members as unknown[]) : [])];
  return offered.includes(text);
}

function textsIn(value: unknown, name: string): NamedText[] {
  if (typeof value === 'string') return [{ text: value.trim(), name: wordsOf(name).join('_') }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => textsIn(one, Array.isArray(value) ? name : key));
}

function plain(address: string): string {
  return address.trim().toLowerCase().replace(/\s/g, '');
}
