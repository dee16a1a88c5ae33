import { type Role, ROLES } from '#platform/context';

export const PERSON_KINDS = ['staff', 'end_user', 'visitor'] as const;
export type PrincipalKind = (typeof PERSON_KINDS)[number] | 'api_key' | 'visit';

export interface PrincipalRecord {
  readonly id: string;
  /** API keys and platform admins on a visit have rows too, so that what they do has an owner. */
  readonly kind: PrincipalKind;
  readonly email: string | null;
  readonly externalId: string | null;
  readonly name: string;
  readonly role: Role;
  readonly persona: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly disabledAt: Date | null;
  /** Since when role, persona and name are as they are said to be: an issuer's older token changes nothing. */
  readonly claimsAsOf: Date;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export function kindOf(role: Role): (typeof PERSON_KINDS)[number] {
  if (role === 'end_user' || role === 'visitor') return role;
  return 'staff';
}

/** Whether somebody of this role stands above another: keys and grants never go up. */
export function outranks(role: Role, other: Role): boolean {
  return ROLES.indexOf(role) < ROLES.indexOf(other);
}

/** Addresses are compared without regard to case and outer spaces. */
export function normalEmail(email: string): string {
  return email.trim().toLowerCase();
}
