import type { RequestContext } from '#platform/context';

/** A credential that is genuine. Whether its session still lives is `SessionService.assertAlive`'s question. */
export interface VerifiedToken {
  readonly ctx: RequestContext;
  /** When a socket opened with it must renew; null for AUTH_BYPASS and for API keys without an end. */
  readonly expiresAt: Date | null;
}
