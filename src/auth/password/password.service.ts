import type { RequestContext } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { InvalidInputError } from '#platform/errors';
import { AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { LoginAttempts } from '../login/login-attempts.js';
import { PrincipalRepository } from '../principals/principal.repository.js';
import { SessionService } from '../sessions/session.service.js';
import { Departures } from '../users/departures.js';
import { PasswordHasher } from './password-hasher.js';

/** One's own password. */
@Injectable()
export class PasswordService {
  constructor(
    private readonly principals: PrincipalRepository,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionService,
    private readonly attempts: LoginAttempts,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
    private readonly departures: Departures,
  ) {}

  /**
   * Every other session of the person ends, and a platform admin's visits.
   * @throws InvalidInputError when the current password is wrong, RateLimitError after too many tries
   */
  async change(ctx: RequestContext, current: string, next: string, address: string): Promise<void> {
    const { id, role, sessionId } = ctx.principal;
    const stored = await this.unitOfWork.run(ctx, (tx) => this.principals.passwordHash(tx, id));
    const right = await this.attempts.confirm(address, id, () => this.hasher.matches(stored, current));
    if (stored === null || !right) throw notThePassword();
    const hash = await this.hasher.hash(next);
    const ended = await this.unitOfWork.run(ctx, async (tx) => {
      // Who knows the old one may not replace the new one.
      if (!(await this.principals.replacePasswordHash(tx, id, stored, hash))) throw notThePassword();
      await this.principals.dropRecovery(tx, id);
      await this.audit.record(tx, ctx, { action: 'password.change', targetType: 'user', targetId: id, address });
      return this.sessions.endAll(tx, id, sessionId);
    });
    await this.departures.announce([ended]);
    if (role === 'platform_admin') await this.departures.signOutOfVisits(id);
  }
}

function notThePassword(): InvalidInputError {
  return new InvalidInputError('current_password: is not your password', { field: 'current_password' });
}
