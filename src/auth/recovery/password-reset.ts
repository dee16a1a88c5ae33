import { type TenantTx, UnitOfWork } from '#platform/database';
import { AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { PasswordHasher } from '../password/password-hasher.js';
import type { PrincipalRecord } from '../principals/principal.js';
import { PrincipalRepository } from '../principals/principal.repository.js';
import { SessionService } from '../sessions/session.service.js';
import { Departures } from '../users/departures.js';
import { type OneTimeSecret, parseSecret } from './one-time-secret.js';
import { ResetTokenError } from './recovery.errors.js';
import { RecoveryRepository } from './recovery.repository.js';

/** Sets a password by a token that was sent or handed over; once. */
@Injectable()
export class PasswordReset {
  constructor(
    private readonly recoveries: RecoveryRepository,
    private readonly principals: PrincipalRepository,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionService,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
    private readonly departures: Departures,
  ) {}

  /**
   * Every session of the person ends, and a platform admin's visits.
   * @throws ResetTokenError
   */
  async reset(token: string, password: string, origin: { address: string; correlationId: string }): Promise<void> {
    const secret = parseSecret('pr', token);
    if (secret === null) throw new ResetTokenError();
    const scope = { tenantId: secret.tenantId };
    // Looked at first, so that nobody makes us hash with an invented token.
    await this.unitOfWork.run(scope, (tx) => this.holder(tx, secret));
    const hash = await this.hasher.hash(password);
    const { ended, person } = await this.unitOfWork.run(scope, async (tx) => {
      const person = await this.holder(tx, secret);
      const { id, role } = person;
      if (!(await this.recoveries.use(tx, secret))) throw new ResetTokenError();
      await this.principals.setPasswordHash(tx, id, hash);
      const actor = { correlationId: origin.correlationId, principal: { id, role } };
      const entry = { action: 'password.reset', targetType: 'user', targetId: id, address: origin.address };
      await this.audit.record(tx, actor, entry);
      return { person, ended: await this.sessions.endAll(tx, id) };
    });
    await this.departures.announce([ended]);
    if (person.role === 'platform_admin') await this.departures.signOutOfVisits(person.id);
  }

  private async holder(tx: TenantTx, secret: OneTimeSecret): Promise<PrincipalRecord> {
    const id = await this.recoveries.holderOf(tx, secret);
    const person = id === null ? null : await this.principals.lockUser(tx, id);
    if (person === null || person.disabledAt !== null) throw new ResetTokenError();
    return person;
  }
}
