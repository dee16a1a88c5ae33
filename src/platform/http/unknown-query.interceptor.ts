import 'reflect-metadata';
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { Observable } from 'rxjs';
import type { HttpRequest } from './identity.js';
import { unknownFields } from './schema-validation.pipe.js';

/** Where clients call; elsewhere (health, pages) whoever measures or caches adds what he likes. */
const CLIENTS = /^\/(?:api|ws)\//;

/** Routes that declare no `@Query` take no query: a parameter that nothing defines is said (400), never passed over. */
@Injectable()
export class UnknownQueryInterceptor implements NestInterceptor {
  private readonly takesQuery = new WeakMap<object, boolean>();

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const { path, query } = context.switchToHttp().getRequest<HttpRequest>();
    const names = Object.keys(query);
    if (names.length > 0 && CLIENTS.test(path) && !this.declares(context)) throw unknownFields(names);
    return next.handle();
  }

  private declares(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    const known = this.takesQuery.get(handler);
    if (known !== undefined) return known;
    const declared: unknown = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), handler.name);
    const takes = Object.keys(declared ?? {}).some((key) => key.startsWith(`${RouteParamtypes.QUERY}:`));
    this.takesQuery.set(handler, takes);
    return takes;
  }
}
