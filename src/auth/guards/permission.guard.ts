import { ForbiddenError } from '#platform/errors';
import { ACCESS, type Access, type HttpRequest, isGranted } from '#platform/http';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';

/** What a role may do. A route that declares nothing is refused to everybody. */
@Injectable()
export class PermissionGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    const { user } = context.switchToHttp().getRequest<HttpRequest>();
    if (!isAllowed(access, user?.ctx.principal.role)) throw new ForbiddenError();
    return true;
  }
}

type CallerRole = NonNullable<HttpRequest['user']>['ctx']['principal']['role'];

function isAllowed(access: Access | undefined, role: CallerRole | undefined): boolean {
  switch (access?.kind) {
    case 'public':
      return true;
    case 'signed_in':
      return role !== undefined;
    case 'permission':
      return role !== undefined && isGranted(role, access.permission);
    case undefined:
      return false;
  }
}
