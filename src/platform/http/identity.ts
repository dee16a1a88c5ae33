import type { RequestContext } from '#platform/context';
import type { Request } from 'express';

/** Who is calling, as checked a moment ago against the database. The guard of `auth` makes it; everything else reads it. */
export interface Identity {
  readonly ctx: RequestContext;
  readonly user: { readonly id: string; readonly email: string | null; readonly name: string };
  readonly tenant: { readonly id: string; readonly slug: string };
  /** Origins of the only pages that may speak for it, where a widget opened the session; null: those of the tenant. */
  readonly pages: readonly string[] | null;
  /** When the token ends; null for AUTH_BYPASS and for API keys without an end. */
  readonly expiresAt: Date | null;
}

/** A request as our middleware and guards leave it. */
export interface HttpRequest extends Request {
  /** Set by the correlation middleware, before anything can fail. */
  correlationId: string;
  /** Set by the authentication guard (the property's name is passport's); absent on public routes. */
  user?: Identity;
  /** Set on `@Operator` routes: whether the caller may read about the installation as a whole. */
  operator?: boolean;
}
