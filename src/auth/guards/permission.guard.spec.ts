import { ACCESS, type Access } from '#platform/http';
import type { Role } from '#platform/context';
import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { PermissionGuard } from './permission.guard.js';

function call(access: Access | undefined, role: Role | undefined, type = 'http'): ExecutionContext {
  const handler = (): void => undefined;
  if (access !== undefined) Reflect.defineMetadata(ACCESS, access, handler);
  const user = role === undefined ? undefined : { ctx: { principal: { role } } };
  return {
    getType: () => type,
    getHandler: () => handler,
    getClass: () => class {},
    switchToHttp: () => ({ getRequest: () => ({ user }) }),
  } as unknown as ExecutionContext;
}

describe('PermissionGuard', () => {
  const guard = new PermissionGuard(new Reflector());

  it('refuses a route that declares nothing, to everybody', () => {
    expect(() => guard.canActivate(call(undefined, 'platform_admin'))).toThrow(/role/);
  });

  it('lets the right roles through', () => {
    const admins: Access = { kind: 'permission', permission: 'users.write' };
    expect(guard.canActivate(call(admins, 'tenant_admin'))).toBe(true);
    expect(() => guard.canActivate(call(admins, 'supporter'))).toThrow();
    expect(() => guard.canActivate(call(admins, undefined))).toThrow();
    expect(guard.canActivate(call({ kind: 'signed_in' }, 'visitor'))).toBe(true);
    expect(() => guard.canActivate(call({ kind: 'signed_in' }, undefined))).toThrow();
    expect(guard.canActivate(call({ kind: 'public' }, undefined))).toBe(true);
  });

  it('lets staff, or a caller that is known to be an operator, to the pages of operators', () => {
    const page: Access = { kind: 'operator', others: 'refused' };
    for (const role of ['platform_admin', 'tenant_admin', 'supporter'] as const) {
      expect(guard.canActivate(call(page, role))).toBe(true);
    }
    for (const role of ['end_user', 'visitor', undefined] as const) {
      expect(() => guard.canActivate(call(page, role))).toThrow();
      expect(guard.canActivate(call({ kind: 'operator', others: 'admitted' }, role))).toBe(true);
    }
  });

  it('leaves sockets to their own verification', () => {
    expect(guard.canActivate(call(undefined, undefined, 'ws'))).toBe(true);
  });
});
