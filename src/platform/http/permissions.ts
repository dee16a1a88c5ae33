import { isStaff, type Principal, type Role } from '#platform/context';

/** What a route may ask for: the contract's scopes. Which roles have which is decided here and nowhere else. */
export const PERMISSIONS = [
  'chat', // talk in one's own conversations
  'end_user_tokens.create', // vouch for one's own users, by API key
  'conversations.read_all',
  'escalations.handle',
  'users.read',
  'users.write',
  'settings.read',
  'settings.write',
  'api_keys.manage',
  'credentials.manage',
  'agents.read',
  'agents.write',
  'tools.read',
  'tools.write',
  'tools.invoke',
  'knowledge.read',
  'knowledge.write',
  'usage.read',
  'audit.read',
  'webhooks.manage',
  'widgets.manage',
  'tenants.manage', // platform admins only
] as const;
export type Permission = (typeof PERMISSIONS)[number];

const TENANT_ADMIN = new Set<Permission>(PERMISSIONS.filter((permission) => permission !== 'tenants.manage'));

const GRANTED: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  platform_admin: new Set(PERMISSIONS),
  tenant_admin: TENANT_ADMIN,
  supporter: new Set<Permission>([
    'chat',
    'conversations.read_all',
    'escalations.handle',
    'agents.read',
    'knowledge.read',
  ]),
  end_user: new Set<Permission>(['chat']),
  visitor: new Set<Permission>(['chat']),
};

export function isGranted(role: Role, permission: Permission): boolean {
  return GRANTED[role].has(permission);
}

export function permissionsOf(role: Role): readonly Permission[] {
  return PERMISSIONS.filter((permission) => isGranted(role, permission));
}

/** What a caller may do: an API key what its scopes say, everybody else what the role says. */
export function isAllowed(principal: Pick<Principal, 'role' | 'scopes'>, permission: Permission): boolean {
  return principal.scopes?.includes(permission) ?? isGranted(principal.role, permission);
}

/** Figures of the installation are for staff, and for API keys of staff that were made to read figures. */
export function mayReadFigures(principal: Principal): boolean {
  return isStaff(principal) && (principal.scopes === undefined || isAllowed(principal, 'usage.read'));
}

/**
 * What staff sees beyond its own: an API key of staff only what its scopes name, so that one made to chat sees what a
 * person who chats sees.
 */
export function seesAsStaff(principal: Principal, permission: Permission): boolean {
  return isStaff(principal) && isAllowed(principal, permission);
}
