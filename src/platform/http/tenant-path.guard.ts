import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { NotFoundError } from '#platform/errors';
import type { HttpRequest } from './identity.js';

/**
 * `{tenant}` in a path must be the caller's own, by slug or id. Any other answers as an unknown one does, without a look at
 * the database. Routes without `:tenant` pass.
 */
@Injectable()
export class TenantPathGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const { params, user } = context.switchToHttp().getRequest<HttpRequest>();
    const wanted = params['tenant'];
    if (wanted === undefined || user === undefined) return true;
    if (wanted !== user.tenant.slug && String(wanted).toLowerCase() !== user.tenant.id) throw new NotFoundError();
    return true;
  }
}
