import { ROLES } from '#platform/context';
import { isGranted, PERMISSIONS } from './permissions.js';

describe('roles', () => {
  it('have what the contract gives them, and nothing else', () => {
    const granted = Object.fromEntries(ROLES.map((role) => [role, PERMISSIONS.filter((p) => isGranted(role, p))]));
    expect(granted['platform_admin']).toEqual(PERMISSIONS);
    expect(granted['tenant_admin']).toEqual(PERMISSIONS.filter((permission) => permission !== 'tenants.manage'));
    expect(granted['supporter']).toEqual([
      'chat',
      'conversations.read_all',
      'escalations.handle',
      'agents.read',
      'knowledge.read',
    ]);
    expect(granted['end_user']).toEqual(['chat']);
    expect(granted['visitor']).toEqual(['chat']);
  });
});
