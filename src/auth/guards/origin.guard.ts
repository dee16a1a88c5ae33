import type { HttpRequest } from '#platform/http';
import { TenantOrigins } from '#tenants';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';

/**
 * A page may call for people of the tenant that lists it, and for nobody else's: its preflight was answered when the tenant
 * was not known yet. Requests without a credential are judged where their tenant is found, such as the sign-in.
 */
@Injectable()
export class OriginGuard implements CanActivate {
  constructor(private readonly origins: TenantOrigins) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const { headers, user } = context.switchToHttp().getRequest<HttpRequest>();
    if (user !== undefined) await this.origins.assertServed(user.ctx, headers, user.pages);
    return true;
  }
}
