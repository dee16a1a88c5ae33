import type { WidgetVisit } from '#platform/context';
import { newId } from '#platform/database';
import { TokenExpiredError, UnauthorizedError } from '#platform/errors';
import { Injectable } from '@nestjs/common';
import jwt from 'jsonwebtoken';
import { ApiKeyVerifier } from '../api-keys/api-key.verifier.js';
import { isApiKey } from '../api-keys/api-key.js';
import { claimsOf, ForeignTokenVerifier } from '../issuers/foreign-token.verifier.js';
import { InstallationIssuer } from '../issuers/installation-issuer.js';
import { type AccessClaims, accessClaims } from './token-claims.js';
import { TokenKeys } from './token-keys.js';
import type { VerifiedToken } from './verified-token.js';

/**
 * The one judge of credentials: the passport strategy and the sockets both end here.
 *
 *   'eyJ…'  access token: RS256 by a key of ours, issuer, audience, times; of another issuer: by what trusts it
 *   'sk_…'  API key: looked up in the tenant that it names
 */
@Injectable()
export class AccessTokenVerifier {
  constructor(
    private readonly keys: TokenKeys,
    private readonly apiKeys: ApiKeyVerifier,
    private readonly foreign: ForeignTokenVerifier,
    private readonly installation: InstallationIssuer,
  ) {}

  /** Whether somebody else signed it: passport's strategy knows our own keys only. */
  isForeign(token: string): boolean {
    if (isApiKey(token)) return false;
    const { iss } = claimsOf(token);
    if (iss === null || this.keys.isOwn(token)) return false;
    return iss !== this.keys.issuer || this.installation.issues(iss);
  }

  /**
   * Follow it with `SessionService.assertAlive(ctx)`.
   * @throws UnauthorizedError, TokenExpiredError, FeatureNotEnabledError
   */
  async verify(token: string, correlationId: string = newId()): Promise<VerifiedToken> {
    if (isApiKey(token)) return this.apiKeys.verify(token, correlationId);
    if (this.isForeign(token)) return this.foreign.verify(token, correlationId);
    const key = this.keys.keyFor(token);
    if (key === null) throw new UnauthorizedError();
    try {
      return this.accept(token, jwt.verify(token, key, this.keys.rules), correlationId);
    } catch (error) {
      throw refusal(error);
    }
  }

  /** The claims of a token whose signature, issuer, audience and times were checked with `TokenKeys.rules`. */
  accept(token: string, payload: unknown, correlationId: string): VerifiedToken {
    const parsed = accessClaims.safeParse(payload);
    if (!parsed.success) throw new UnauthorizedError();
    const claims = parsed.data;
    const ownWithoutSession = claims.sid === undefined && this.keys.isOwn(token);
    const twoSubjects = claims.user_id !== undefined && claims.user_id !== claims.sub;
    if (ownWithoutSession || twoSubjects) throw new UnauthorizedError();
    return { ctx: contextOf(claims, correlationId), expiresAt: new Date(claims.exp * 1000) };
  }
}

/** What jsonwebtoken throws, in our words; also used for what passport reports. */
export function refusal(error: unknown): Error {
  if (error instanceof UnauthorizedError || error instanceof TokenExpiredError) return error;
  if (error instanceof jwt.TokenExpiredError) return new TokenExpiredError();
  if (error instanceof jwt.JsonWebTokenError || error instanceof jwt.NotBeforeError) return new UnauthorizedError();
  return error instanceof SyntaxError ? new UnauthorizedError() : (error as Error);
}

function contextOf(claims: AccessClaims, correlationId: string): VerifiedToken['ctx'] {
  return {
    tenantId: claims.tenant_id,
    correlationId,
    principal: {
      id: claims.sub,
      role: claims.role,
      persona: claims.persona ?? null,
      sessionId: claims.sid ?? null,
      ...(claims.widget === undefined ? {} : { widget: widgetOf(claims.widget) }),
    },
  };
}

function widgetOf({
  agent,
  id,
  messages_per_minute: messagesPerMinute,
}: NonNullable<AccessClaims['widget']>): WidgetVisit {
  return { id, agent, messagesPerMinute };
}
