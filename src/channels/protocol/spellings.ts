/** The dialects that clients speak, and what the protocol calls the same thing. */
const SPELLINGS: Readonly<Record<string, string>> = {
  message: 'content',
  prompt: 'content',
  session_id: 'conversation_id',
};

export interface Respelled {
  readonly fields: Record<string, unknown>;
  /** The client's word for a field of the protocol, where it used another one. */
  readonly clientName: (field: string) => string;
  /** Two words for one thing, when the client sent both. */
  readonly doubled: readonly [string, string] | null;
}

/**
 * The fields in the protocol's own words. Made field by field on an object without a prototype, so that a field named
 * `__proto__` stays a field (and is refused as an unknown one).
 */
export function respell(given: Readonly<Record<string, unknown>>, served: ReadonlySet<string>): Respelled {
  const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const names = new Map<string, string>();
  let doubled: Respelled['doubled'] = null;
  for (const name of Object.keys(given)) {
    const meant = SPELLINGS[name];
    const field = meant !== undefined && Object.hasOwn(SPELLINGS, name) && served.has(meant) ? meant : name;
    const earlier = names.get(field);
    if (earlier !== undefined && given[earlier] !== given[name]) doubled ??= [earlier, name];
    names.set(field, name);
    fields[field] = given[name];
  }
  return { fields, clientName: (field) => names.get(field) ?? field, doubled };
}
