import type { Role } from '#platform/context';

/** What a route may ask for. A route names one; which roles have it is decided here and nowhere else. */
export const PERMISSIONS = [
  'chat', // talk in one's own conversations
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
