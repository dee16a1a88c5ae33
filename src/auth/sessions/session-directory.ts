import type { RequestContext, Role } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { NotFoundError } from '#platform/errors';
import { AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { Authority } from '../users/authority.js';
import { Departures } from '../users/departures.js';
import { SessionDirectoryRepository, type SessionFilter, type SessionRecord } from './session-directory.repository.js';
import { SessionRepository } from './session.repository.js';
import { SessionRevoked } from './session.events.js';
import { SessionService } from './session.service.js';

/** Sessions listed and ended, one's own and those of a tenant's people. */
@Injectable()
export class SessionDirectory {
  constructor(
    private readonly directory: SessionDirectoryRepository,
    private readonly sessions: SessionRepository,
    private readonly service: SessionService,
    private readonly authority: Authority,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
    private readonly departures: Departures,
  ) {}

  list(ctx: RequestContext, filter: SessionFilter): Promise<SessionRecord[]> {
    return this.directory.list(ctx, filter);
  }

  /**
   * Ends one, with its sockets.
   * @param ownerId whose it must be; null: anybody's of the tenant
   * @throws NotFoundError, PlatformAdminOnlyError, MoreThanOwnError
   */
  async end(ctx: RequestContext, id: string, ownerId: string | null): Promise<void> {
    const principalId = await this.unitOfWork.run(ctx, async (tx) => {
      const session = await this.directory.find(tx, id, ownerId);
      if (session === null) throw new NotFoundError();
      this.assertMayEnd(ctx, session);
      await this.sessions.revoke(tx, id);
      await this.audit.record(tx, ctx, { action: 'session.end', targetType: 'session', targetId: id });
      return session.principalId;
    });
    await this.departures.announce([new SessionRevoked(ctx.tenantId, principalId, id)]);
  }

  /**
   * Ends all of a person, and a platform admin's visits.
   * @param except the session that stays; null for none
   * @throws NotFoundError, PlatformAdminOnlyError, MoreThanOwnError
   */
  async endAll(ctx: RequestContext, principalId: string, except: string | null): Promise<void> {
    const { ended, role } = await this.unitOfWork.run(ctx, async (tx) => {
      const role = await this.directory.roleOf(tx, principalId);
      if (role === null) throw new NotFoundError();
      this.assertMayEnd(ctx, { principalId, role });
      await this.audit.record(tx, ctx, { action: 'session.end_all', targetType: 'user', targetId: principalId });
      return { role, ended: await this.service.endAll(tx, principalId, except) };
    });
    await this.departures.announce([ended]);
    if (role === 'platform_admin') await this.departures.signOutOfVisits(principalId);
  }

  /** One's own always; of others, of nobody who may do more. */
  private assertMayEnd(ctx: RequestContext, owner: { principalId: string; role: Role }): void {
    if (owner.principalId !== ctx.principal.id) this.authority.assertMayTouch(ctx, owner.role);
  }
}
