import type { RequestContext } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { ConflictError, ForbiddenError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { Injectable } from '@nestjs/common';
import { ApiKeyVerifier } from '../api-keys/api-key.verifier.js';
import type { PrincipalRecord } from '../principals/principal.js';
import { SessionService } from '../sessions/session.service.js';
import { ACCESS_TOKEN_SECONDS } from '../tokens/token-claims.js';
import { TokenService } from '../tokens/token.service.js';
import { EndUserAccounts, type EndUserInput } from './end-user-accounts.js';

/** A tenant's own server vouches for its users with an API key: they are made or brought up to date, and get a token. */
@Injectable()
export class EndUserTokenService {
  constructor(
    private readonly accounts: EndUserAccounts,
    private readonly sessions: SessionService,
    private readonly tokens: TokenService,
    private readonly keys: ApiKeyVerifier,
    private readonly unitOfWork: UnitOfWork,
    private readonly events: EventBus,
  ) {}

  /** @throws ForbiddenError for a person's token, ConflictError when the address is somebody else's */
  async issue(
    ctx: RequestContext,
    input: EndUserInput,
  ): Promise<{ accessToken: string; seconds: number; user: PrincipalRecord }> {
    const { id: apiKeyId, scopes } = ctx.principal;
    if (scopes === undefined) throw new ForbiddenError('Call this with an API key of your tenant');
    const { user, sessionId, seconds, ended } = await this.unitOfWork.run(ctx, async (tx) => {
      // A token never outlives the key that vouched for it.
      const { expiresAt: keyEnds } = await this.keys.hold(tx, apiKeyId);
      const left = keyEnds === null ? Infinity : Math.max(1, Math.floor((keyEnds.getTime() - Date.now()) / 1000));
      const seconds = Math.min(ACCESS_TOKEN_SECONDS, left);
      const account = await this.accounts.ensure(tx, input);
      if (account === null)
        throw new ConflictError('Another user of this tenant has this email address', { field: 'email' });
      const { isAnother, user } = account;
      const session = await this.sessions.open(tx, user.id, { apiKeyId, seconds: Math.min(seconds + 60, left) });
      return {
        user,
        sessionId: session.sessionId,
        seconds,
        ended: isAnother ? await this.sessions.endAll(tx, user.id, session.sessionId) : null,
      };
    });
    if (ended !== null) await this.events.publish(ended);
    const { id: principalId, role, persona } = user;
    const subject = { tenantId: ctx.tenantId, principalId, role, persona, sessionId };
    return { accessToken: this.tokens.issue(subject, seconds), seconds, user };
  }
}
