import type { Role } from '#platform/context';

export interface PrincipalRecord {
  readonly id: string;
  readonly kind: 'staff' | 'end_user' | 'visitor';
  readonly email: string | null;
  readonly externalId: string | null;
  readonly name: string;
  readonly role: Role;
  readonly persona: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly disabledAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export function kindOf(role: Role): PrincipalRecord['kind'] {
  if (role === 'end_user' || role === 'visitor') return role;
  return 'staff';
}

/** Addresses are compared without regard to case and outer spaces. */
export function normalEmail(email: string): string {
  return email.trim().toLowerCase();
}
