import type { Principal, Role } from '#platform/context';
import { isAllowed, type Permission, PERMISSIONS, permissionsOf } from '#platform/http';
import { outranks } from '../principals/principal.js';

/** A key never has a platform admin's role: what it was asked to do would reach every tenant. */
export const KEY_ROLES = ['tenant_admin', 'supporter', 'end_user'] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

/** What a key of this role may be given: all that the role may, and to vouch for the tenant's own users. */
export function scopesOf(role: KeyRole): readonly Permission[] {
  return PERMISSIONS.filter((scope) => scope === 'end_user_tokens.create' || permissionsOf(role).includes(scope));
}

/** What a key gets that asks for nothing: what its role may, as far as its maker may it. */
export function defaultScopes(role: KeyRole, maker: Pick<Principal, 'role' | 'scopes'>): Permission[] {
  return scopesOf(role).filter((scope) => isAllowed(maker, scope));
}

/**
 * What a key may do today: what it was given, as far as its maker may it still.
 * @returns null when the key has ended, since its maker is not what the key is any more
 */
export function scopesNow(key: { role: Role; scopes: readonly string[] }, makerRole: Role): string[] | null {
  if (outranks(key.role, makerRole)) return null;
  const left = key.scopes.filter((scope) => permissionsOf(makerRole).some((held) => held === scope));
  return left.length === 0 ? null : left;
}
