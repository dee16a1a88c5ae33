import type { RequestContext } from '#platform/context';
import { newId, UnitOfWork } from '#platform/database';
import { ConflictError, ForbiddenError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { Injectable } from '@nestjs/common';
import { kindOf, normalEmail, type PrincipalRecord } from '../principals/principal.js';
import { PrincipalRepository } from '../principals/principal.repository.js';
import { SessionService } from '../sessions/session.service.js';
import { ACCESS_TOKEN_SECONDS } from '../tokens/token-claims.js';
import { TokenService } from '../tokens/token.service.js';

export interface EndUserInput {
  readonly externalId: string;
  readonly name: string;
  readonly email: string | null;
  readonly persona: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A tenant's own server vouches for its users with an API key: they are made or brought up to date, and get a token. */
@Injectable()
export class EndUserTokenService {
  constructor(
    private readonly principals: PrincipalRepository,
    private readonly sessions: SessionService,
    private readonly tokens: TokenService,
    private readonly unitOfWork: UnitOfWork,
    private readonly events: EventBus,
  ) {}

  /** @throws ForbiddenError for a person's token, ConflictError when the address is somebody else's */
  async issue(ctx: RequestContext, input: EndUserInput): Promise<{ accessToken: string; user: PrincipalRecord }> {
    if (ctx.principal.sessionId !== null) throw new ForbiddenError('Call this with an API key of your tenant');
    const { user, sessionId, ended } = await this.unitOfWork.run(ctx, async (tx) => {
      const known = await this.principals.findByExternalId(tx, input.externalId);
      if (known !== null && (known.role !== 'end_user' || known.disabledAt !== null)) {
        throw new ForbiddenError('This user was disabled or is not an end user');
      }
      const email = input.email === null ? null : normalEmail(input.email);
      const row = { ...input, id: known?.id ?? newId(), email, role: 'end_user' as const };
      const stored =
        known === null
          ? await this.principals.insert(tx, { ...row, kind: kindOf('end_user'), passwordHash: null })
          : await this.principals.updateEndUser(tx, row);
      if (!stored) throw new ConflictError('Another user of this tenant has this email address', { field: 'email' });
      const moved = known !== null && known.persona !== input.persona;
      const session = await this.sessions.open(tx, row.id, { seconds: ACCESS_TOKEN_SECONDS + 60 });
      const user = await this.principals.findUser(tx, row.id);
      if (user === null) throw new Error('The end user that was just stored is gone');
      return {
        user,
        sessionId: session.sessionId,
        ended: moved ? await this.sessions.endAll(tx, row.id, session.sessionId) : null,
      };
    });
    if (ended !== null) await this.events.publish(ended);
    const { id: principalId, role, persona } = user;
    return { accessToken: this.tokens.issue({ tenantId: ctx.tenantId, principalId, role, persona, sessionId }), user };
  }
}
