import type { ToolDefinition } from '#tools';
import { topicStems } from '#platform/text';
import { propertiesOf } from './tool-inputs.js';

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
const IBAN = /^[A-Z]{2}\d{2}(?: ?[A-Z\d]){11,30}$/i;
const PHONE = /^\+?[\d ()/.-]{6,24}$/;
const PHONE_NAME = /phone|mobile|(?:^|_)(?:tel|fax|sms|whatsapp)(?:_|$)|telefon|tel[eé]fono/i;

/**
 * The arguments that say where something goes to and that nobody has vouched for: email addresses, telephone and account
 * numbers, wherever in an argument they stand.
 * @param own addresses that are known to be the caller's
 */
export function addressesIn(
  tool: ToolDefinition,
  args: Readonly<Record<string, unknown>>,
  own: readonly string[] = [],
): string[] {
  const known = new Set(own.map(plain));
  return propertiesOf(tool)
    .filter(({ name, schema }) => {
      const byPhone = PHONE_NAME.test(name) || schema['format'] === 'phone' || schema['format'] === 'tel';
      return textsIn(args[name]).some((text) => {
        if (known.has(plain(text))) return false;
        const emails = emailsIn(text);
        if (emails.length > 0) return emails.some((email) => !known.has(plain(email)));
        return IBAN.test(text) || (PHONE.test(text) && (byPhone || text.startsWith('+')));
      });
    })
    .map(({ name }) => name);
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value.trim()];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

/** Of a text that is nothing but addresses: one, or a list of them. */
function emailsIn(text: string): string[] {
  const parts = text.split(/[,;]/).filter((part) => part.trim() !== '');
  const emails = parts.flatMap((part) => EMAIL.exec(part.trim())?.[1] ?? []);
  return emails.length === parts.length ? emails : [];
}

function plain(address: string): string {
  return address.trim().toLowerCase().replace(/\s/g, '');
}
