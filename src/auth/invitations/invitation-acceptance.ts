import { newId, UnitOfWork } from '#platform/database';
import { SuspendedError } from '#platform/errors';
import { AuditService, TenantOrigins } from '#tenants';
import { Injectable } from '@nestjs/common';
import { type LoginOrigin, LoginService } from '../login/login.service.js';
import type { SignedIn } from '../login/signed-in.js';
import { PasswordHasher } from '../password/password-hasher.js';
import { kindOf } from '../principals/principal.js';
import { type LoginRow, PrincipalRepository } from '../principals/principal.repository.js';
import { parseSecret } from '../recovery/one-time-secret.js';
import { StaffQuota } from '../users/staff-quota.js';
import { InvitationTokenError } from './invitation.errors.js';
import { OpenInvitations } from './open-invitations.js';

/** Somebody accepts, once, and is signed in. */
@Injectable()
export class InvitationAcceptance {
  constructor(
    private readonly invitations: OpenInvitations,
    private readonly principals: PrincipalRepository,
    private readonly hasher: PasswordHasher,
    private readonly logins: LoginService,
    private readonly origins: TenantOrigins,
    private readonly audit: AuditService,
    private readonly quota: StaffQuota,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** @throws InvitationTokenError, SuspendedError, QuotaExceededError; ForeignPageError for another tenant's page (only to those who were invited) */
  async accept(input: { token: string; name: string; password: string }, origin: LoginOrigin): Promise<SignedIn> {
    const secret = parseSecret('in', input.token);
    if (secret === null) throw new InvitationTokenError();
    const scope = { tenantId: secret.tenantId };
    // Looked at first, so that nobody makes us hash with an invented token.
    await this.unitOfWork.run(scope, (tx) => this.invitations.find(tx, secret));
    await this.origins.assertServed(scope, origin.page);
    const passwordHash = await this.hasher.hash(input.password);
    const { email } = await this.unitOfWork.run(scope, async (tx) => {
      // Nobody who invited is disabled or demoted before this is through.
      await this.principals.lockTenant(tx);
      const id = newId();
      const invitation = await this.invitations.take(tx, secret, id);
      const { persona, role } = invitation;
      await this.quota.assertRoom(tx, role, 'present');
      const person = {
        id,
        kind: kindOf(role),
        email: invitation.email,
        externalId: null,
        name: input.name,
        role,
        persona,
      };
      // Somebody else was given the address meanwhile.
      if (!(await this.principals.insert(tx, { ...person, passwordHash, attributes: {} }))) {
        throw new InvitationTokenError();
      }
      await this.audit.record(
        tx,
        { correlationId: origin.correlationId, principal: { id, role } },
        {
          action: 'invitation.accept',
          targetType: 'invitation',
          targetId: invitation.id,
          details: { user_id: id },
          address: origin.address,
        },
      );
      return invitation;
    });
    return this.logins.open(secret.tenantId, await this.joined(secret.tenantId, email), origin);
  }

  private async joined(tenantId: string, email: string): Promise<LoginRow> {
    const person = await this.principals.findForLogin({ tenantId }, email);
    if (person === null) throw new InvitationTokenError();
    if (person.suspended) throw new SuspendedError();
    return person;
  }
}
