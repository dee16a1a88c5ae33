import { type Role, ROLES } from '#platform/context';
import { normalEmail } from '../principals/principal.js';
import type { TrustedIssuer } from './trusted-issuer.js';

/** Who a token speaks of, in our words. */
export interface ForeignPerson {
  readonly externalId: string;
  readonly name: string | null;
  readonly email: string | null;
  /** Undefined: the issuer's tokens do not say; the person keeps what they have. */
  readonly persona: string | null | undefined;
  readonly role: Role | undefined;
}

const PERSONA = /^[a-z][a-z0-9_-]{0,62}$/;
/** External ids of keys and visits begin so; no issuer speaks for them. */
const RESERVED = /^(api_key|platform):/;
const EMAIL = /^[^\s@,]+@[^\s@,]+$/;

/** @returns null when the token does not say who it is, or names a role that this issuer may not give */
export function personOf(issuer: TrustedIssuer, payload: Readonly<Record<string, unknown>>): ForeignPerson | null {
  const { claims } = issuer;
  const id = claimOf(payload, claims.user_id);
  const externalId = typeof id === 'number' && Number.isSafeInteger(id) ? String(id) : textOf(id, 200);
  if (externalId === null || RESERVED.test(externalId)) return null;
  const email = textOf(claimOf(payload, claims.email), 320);
  const persona = claims.persona === null ? undefined : textOf(claimOf(payload, claims.persona), 63);
  if (typeof persona === 'string' && !PERSONA.test(persona)) return null;
  const role = roleOf(issuer, claimOf(payload, claims.role));
  if (role === null) return null;
  const name = textOf(claimOf(payload, claims.name), 200);
  return { externalId, name, email: email !== null && EMAIL.test(email) ? normalEmail(email) : null, persona, role };
}

/** A claim by its own name, which may be an address with dots, or by its path (`realm_access.role`). */
function claimOf(payload: Readonly<Record<string, unknown>>, name: string | null): unknown {
  if (name === null) return undefined;
  if (Object.hasOwn(payload, name)) return payload[name];
  let at: unknown = payload;
  for (const part of name.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string, unknown>)[part];
  }
  return at;
}

function textOf(value: unknown, most: number): string | null {
  if (typeof value !== 'string') return null;
  const text = value.trim();
  return text === '' || text.length > most || text.includes('\0') || !text.isWellFormed() ? null : text;
}

/** Undefined: it says nothing. Null: it says what it may not. Of several roles, the highest that it may give. */
function roleOf(issuer: TrustedIssuer, value: unknown): Role | undefined | null {
  if (value === undefined || value === null) return undefined;
  const said: unknown[] = Array.isArray(value) ? value : [value];
  return ROLES.find((role) => issuer.roles.includes(role) && said.includes(role)) ?? null;
}
