import type { RequestContext } from '#platform/context';
import { applyDecorators, createParamDecorator, type ExecutionContext, HttpCode, SetMetadata } from '@nestjs/common';
import { ApiExtension, ApiHeader } from '@nestjs/swagger';
import { UnauthorizedError } from '#platform/errors';
import type { Feature } from './features.js';
import type { Identity, HttpRequest } from './identity.js';
import type { Permission } from './permissions.js';

/** What a route asks of its caller. Every route says one of the four; a route that says nothing is refused. */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'signed_in' }
  | { readonly kind: 'operator'; readonly others: 'refused' | 'admitted' }
  | Required_;
interface Required_ {
  readonly kind: 'permission';
  readonly permission: Permission;
}

export const ACCESS = Symbol('ACCESS');
export const CREATES = Symbol('CREATES');
export const SHOWN_ONCE = Symbol('SHOWN_ONCE');
export const FEATURE = Symbol('FEATURE');
/** Marks public operations for the OpenAPI document. */
export const PUBLIC_EXTENSION = 'x-public';

/** The scope that an operation needs, for whoever reads the document: the API key's or the role's. */
export const SCOPE_EXTENSION = 'x-scope';

/** The quota that an operation counts against, for whoever reads the document. */
export const QUOTA_EXTENSION = 'x-quota';

/** The feature that an operation is part of, for whoever reads the document. */
export const FEATURE_EXTENSION = 'x-feature';

/** Nobody need be signed in. */
export const Public = (): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(ACCESS, { kind: 'public' } satisfies Access), ApiExtension(PUBLIC_EXTENSION, true));

/** Anybody who is signed in: for one's own account. */
export const SignedIn = (): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, { kind: 'signed_in' } satisfies Access);

/**
 * Pages about the installation as a whole: everybody outside production, in production staff and whoever calls from this
 * machine (`request.operator`). The others are refused, or admitted to what the handler has for them.
 */
export const Operator = (others: 'refused' | 'admitted'): MethodDecorator & ClassDecorator =>
  applyDecorators(
    SetMetadata(ACCESS, { kind: 'operator', others } satisfies Access),
    ApiExtension(PUBLIC_EXTENSION, others === 'admitted'),
  );

/** Roles that have this permission (see `permissions.ts`). */
export const RequirePermission = (permission: Permission): MethodDecorator & ClassDecorator =>
  applyDecorators(
    SetMetadata(ACCESS, { kind: 'permission', permission } satisfies Access),
    ApiExtension(SCOPE_EXTENSION, permission),
  );

/**
 * What is part of a feature that the operator may not have enabled for the tenant (see `features.ts`): it is refused then.
 * Reading and deleting what is there is no part of it. A public route asks for itself, once it has found its tenant.
 */
export const RequireFeature = (feature: Feature): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(FEATURE, feature), ApiExtension(FEATURE_EXTENSION, feature));

/** A quota that a route may find used up: it answers 429 QUOTA_EXCEEDED then, which the document says. */
export type QuotaName = 'users' | 'storage_mb' | 'budget';

export const CountsAgainst = (quota: QuotaName): MethodDecorator & ClassDecorator =>
  ApiExtension(QUOTA_EXTENSION, quota);

/**
 * A route that makes something: 201 (uploads: 202), `Location` of what it returns (the collection's path and its `id`), its
 * `ETag`, and `Idempotency-Key` honoured.
 * @param shownOnce members of the answer that no read shows again, such as a secret
 */
export const Creates = (status: 201 | 202 = 201, { shownOnce = [] as readonly string[] } = {}): MethodDecorator =>
  applyDecorators(
    SetMetadata(CREATES, true),
    SetMetadata(SHOWN_ONCE, shownOnce),
    HttpCode(status),
    ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Any string up to 200 characters' }),
  );

/** The caller's context, with the address that the request came from: `list(@Ctx() ctx: RequestContext)`. */
export const Ctx = createParamDecorator((_data: unknown, context: ExecutionContext): RequestContext => {
  const { ip } = context.switchToHttp().getRequest<HttpRequest>();
  return { ...identityOf(context).ctx, ...(ip === undefined ? {} : { address: ip }) };
});

/** The caller with name and tenant: `me(@Caller() caller: Identity)`. */
export const Caller = createParamDecorator((_data: unknown, context: ExecutionContext) => identityOf(context));

/** The `If-Match` header for `assertIfMatch`, undefined when the client sent none. */
export const IfMatch = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<HttpRequest>().headers['if-match'],
);

function identityOf(context: ExecutionContext): Identity {
  const identity = context.switchToHttp().getRequest<HttpRequest>().user;
  if (identity === undefined) throw new UnauthorizedError();
  return identity;
}
