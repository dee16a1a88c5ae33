import type { RequestContext } from '#platform/context';
import { newId, UnitOfWork } from '#platform/database';
import { ForbiddenError, SuspendedError, UnauthorizedError } from '#platform/errors';
import { actorOf, AuditService, PLATFORM_SLUG, TenantService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { PrincipalRepository } from '../principals/principal.repository.js';
import { SessionService } from '../sessions/session.service.js';
import { ACCESS_TOKEN_SECONDS } from '../tokens/token-claims.js';
import { TokenService } from '../tokens/token.service.js';
import { Departures } from '../users/departures.js';

/**
 * A platform admin works inside a tenant: a token of that tenant for fifteen minutes, without refresh. The visitor has a
 * principal of their own there, and the visit stands in the audit trail of both tenants.
 */
@Injectable()
export class TenantVisitService {
  constructor(
    private readonly tenants: TenantService,
    private readonly principals: PrincipalRepository,
    private readonly sessions: SessionService,
    private readonly tokens: TokenService,
    private readonly departures: Departures,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * @throws TenantNotFoundError, ForbiddenError when the caller is on a visit already, UnauthorizedError for one who is shut
   *   out meanwhile
   */
  async begin(
    ctx: RequestContext,
    tenantId: string,
  ): Promise<{ accessToken: string; expiresIn: number; slug: string }> {
    if ((await this.tenants.findIdBySlug(PLATFORM_SLUG)) !== ctx.tenantId) {
      throw new ForbiddenError('Ask for this token with your sign-in of the platform tenant');
    }
    const tenant = await this.tenants.get({ tenantId });
    const externalId = `platform:${ctx.principal.id}`;
    const visit = await this.unitOfWork.run({ tenantId }, async (tx) => {
      const id = newId();
      await this.principals.insert(tx, {
        id,
        kind: 'visit',
        email: null,
        externalId,
        name: 'Platform admin',
        role: 'platform_admin',
        persona: null,
        passwordHash: null,
        attributes: {},
      });
      const visitor = await this.principals.findByExternalId(tx, externalId);
      const principalId = visitor?.id ?? id;
      // Whoever had left and is a platform admin again.
      if (visitor?.disabledAt !== null) await this.principals.enable(tx, principalId);
      const session = await this.sessions.open(tx, principalId, { seconds: ACCESS_TOKEN_SECONDS + 60 });
      await this.audit.record(tx, actorOf(ctx), { action: 'tenant.visit', targetType: 'tenant', targetId: tenantId });
      return { principalId, sessionId: session.sessionId };
    });
    await this.audit.recordNow(ctx, { action: 'tenant.visit', targetType: 'tenant', targetId: tenantId });
    await this.assertStillThere(ctx);
    const accessToken = this.tokens.issue({ ...visit, tenantId, role: 'platform_admin', persona: null });
    return { accessToken, expiresIn: ACCESS_TOKEN_SECONDS, slug: tenant.slug };
  }

  /** Whose visits were ended while this one was begun had perhaps none here yet, or one that this has opened again. */
  private async assertStillThere(ctx: RequestContext): Promise<void> {
    try {
      await this.sessions.assertAlive(ctx);
    } catch (error) {
      const isOut = error instanceof UnauthorizedError || error instanceof SuspendedError;
      if (isOut) await this.departures.endVisits(ctx.principal.id);
      throw error;
    }
  }
}
