import { ForbiddenError } from '#platform/errors';
import { ACCESS, type Access, type HttpRequest, isAllowed, mayReadFigures } from '#platform/http';
import { PLATFORM_SLUG } from '#tenants';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';

/** What a role, or the scopes of an API key, allow. A route that declares nothing is refused to everybody. */
@Injectable()
export class PermissionGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    const request = context.switchToHttp().getRequest<HttpRequest>();
    if (!mayEnter(access, request)) throw new ForbiddenError();
    return true;
  }
}

function mayEnter(access: Access | undefined, { operator, user }: HttpRequest): boolean {
  const principal = user?.ctx.principal;
  switch (access?.kind) {
    case 'public':
      return true;
    case 'signed_in':
      return principal !== undefined;
    case 'operator':
      return (
        access.others === 'admitted' || operator === true || (principal !== undefined && mayReadFigures(principal))
      );
    case 'permission':
      return principal !== undefined && isAllowed(principal, access.permission) && isAtHome(access, user);
    case undefined:
      return false;
  }
}

/** The platform's own routes are for the platform's own tenant: who visits a customer's leaves nothing of others there. */
function isAtHome({ permission }: Extract<Access, { kind: 'permission' }>, user: HttpRequest['user']): boolean {
  return permission !== 'tenants.manage' || user?.tenant.slug === PLATFORM_SLUG;
}
