import type { RequestContext } from '#platform/context';

/** Who is at the other end of a socket, once its token has been verified. */
export interface SocketIdentity {
  readonly ctx: RequestContext;
  readonly user: { readonly id: string };
  readonly tenant: { readonly id: string; readonly slug: string };
  /** When the token ends; null for AUTH_BYPASS and for API keys without an end. */
  readonly expiresAt: Date | null;
}

/** Two identities that a socket may change between: a renewal brings a new token of the same person. */
export function isSamePerson(a: SocketIdentity, b: SocketIdentity): boolean {
  return a.tenant.id === b.tenant.id && a.user.id === b.user.id;
}
