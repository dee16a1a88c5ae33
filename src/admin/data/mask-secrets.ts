const SECRET_NAME = /^authorization$|password|passwd|secret|token|api[-_]?key|cookie|credential/i;
/** Numbers and ids that only sound like it: `max_tokens`, `token_count`, `credential_id`. */
const HARMLESS_NAME = /_id$|tokens?_(used|count)$|(max|input|output|history)_tokens$/i;

/** A value as it may leave the house: of secrets the last four characters. Strings that people wrote are left alone. */
export function maskSecrets(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((member) => maskSecrets(member, name));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, maskSecrets(member, key)]));
  }
  if (typeof value !== 'string' || !SECRET_NAME.test(name) || HARMLESS_NAME.test(name)) return value;
  return value.length <= 8 ? '…' : `…${value.slice(-4)}`;
}
