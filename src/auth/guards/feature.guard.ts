import { FEATURE, type Feature, type HttpRequest } from '#platform/http';
import { Features } from '#tenants';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';

/** Whether the operator has enabled for the caller's tenant what a route is part of (`@RequireFeature`). */
@Injectable()
export class FeatureGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly features: Features,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const feature = this.reflector.getAllAndOverride<Feature | undefined>(FEATURE, [
      context.getHandler(),
      context.getClass(),
    ]);
    const { user } = context.switchToHttp().getRequest<HttpRequest>();
    if (feature !== undefined && user !== undefined) await this.features.assertEnabled(user.ctx, feature);
    return true;
  }
}
