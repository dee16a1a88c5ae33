import { ROLES } from '#platform/context';
import { isAllowed, isGranted, mayReadFigures, PERMISSIONS, seesAsStaff } from './permissions.js';

describe('permissions', () => {
  it('are the contract’s scopes', () => {
    const contract = `chat, end_user_tokens.create, conversations.read_all, escalations.handle, users.read|write,
      settings.read|write, api_keys.manage, credentials.manage, agents.read|write, tools.read|write|invoke,
      knowledge.read|write, usage.read, audit.read, webhooks.manage, widgets.manage, tenants.manage`;
    const named = contract.split(',').flatMap((item) => {
      const [thing, verbs] = item.trim().split('.');
      return verbs === undefined ? [thing] : verbs.split('|').map((verb) => `${thing}.${verb}`);
    });
    expect(PERMISSIONS).toEqual(named);
  });

  it('of an API key are its scopes, of everybody else the role’s', () => {
    expect(isAllowed({ role: 'tenant_admin' }, 'users.write')).toBe(true);
    expect(isAllowed({ role: 'tenant_admin', scopes: ['chat'] }, 'users.write')).toBe(false);
    expect(isAllowed({ role: 'end_user', scopes: ['end_user_tokens.create'] }, 'end_user_tokens.create')).toBe(true);
    expect(isAllowed({ role: 'end_user' }, 'end_user_tokens.create')).toBe(false);
    expect(isAllowed({ role: 'tenant_admin', scopes: [] }, 'chat')).toBe(false);
  });
});

describe('figures of the installation', () => {
  it('are for staff, and for keys of staff that were made to read them', () => {
    const staff = { id: 'x', role: 'supporter' as const, persona: null, sessionId: null };
    expect(mayReadFigures(staff)).toBe(true);
    expect(mayReadFigures({ ...staff, scopes: ['chat'] })).toBe(false);
    expect(mayReadFigures({ ...staff, role: 'tenant_admin', scopes: ['usage.read'] })).toBe(true);
    expect(mayReadFigures({ ...staff, role: 'end_user' })).toBe(false);
  });
});

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

describe('what staff sees beyond its own', () => {
  const of = (role: 'supporter' | 'end_user', scopes?: string[]) =>
    seesAsStaff({ id: 'x', role, persona: null, sessionId: null, scopes }, 'knowledge.read');

  it('follows a key’s scopes, and never makes staff of others', () => {
    expect([of('supporter'), of('supporter', ['knowledge.read'])]).toEqual([true, true]);
    expect([of('supporter', ['chat']), of('end_user'), of('end_user', ['knowledge.read'])]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
