import { PERMISSIONS } from '#platform/http';
import { defaultScopes, scopesNow, scopesOf } from './key-scopes.js';

describe('scopes of API keys', () => {
  const key = (role: 'tenant_admin' | 'supporter' | 'end_user', ...scopes: string[]) => ({ role, scopes });

  it('are those of the role, and to vouch for users', () => {
    expect(scopesOf('end_user')).toEqual(['chat', 'end_user_tokens.create']);
    expect(scopesOf('tenant_admin')).toEqual(PERMISSIONS.filter((scope) => scope !== 'tenants.manage'));
    expect(scopesOf('supporter')).not.toContain('users.read');
  });

  it('are, when nothing is asked for, no more than the maker has', () => {
    expect(defaultScopes('end_user', { role: 'tenant_admin' })).toEqual(['chat', 'end_user_tokens.create']);
    expect(defaultScopes('tenant_admin', { role: 'tenant_admin', scopes: ['api_keys.manage'] })).toEqual([
      'api_keys.manage',
    ]);
  });

  it('shrink with the maker, and end when the key stands above the maker or nothing is left', () => {
    expect(scopesNow(key('end_user', 'chat', 'end_user_tokens.create'), 'tenant_admin')).toHaveLength(2);
    expect(scopesNow(key('end_user', 'chat', 'end_user_tokens.create'), 'supporter')).toEqual(['chat']);
    expect(scopesNow(key('supporter', 'chat', 'agents.read'), 'supporter')).toEqual(['chat', 'agents.read']);
    expect(scopesNow(key('tenant_admin', 'chat'), 'supporter')).toBeNull();
    expect(scopesNow(key('end_user', 'end_user_tokens.create'), 'supporter')).toBeNull();
    expect(scopesNow(key('supporter', 'chat'), 'end_user')).toBeNull();
  });
});
