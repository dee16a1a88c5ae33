import { newId, type TenantTx, UnitOfWork } from '#platform/database';
import { SuspendedError } from '#platform/errors';
import { AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { type LoginOrigin, LoginService } from '../login/login.service.js';
import type { SignedIn } from '../login/signed-in.js';
import { PasswordHasher } from '../password/password-hasher.js';
import { kindOf, outranks } from '../principals/principal.js';
import { type LoginRow, PrincipalRepository } from '../principals/principal.repository.js';
import { type OneTimeSecret, parseSecret } from '../recovery/one-time-secret.js';
import { InvitationTokenError } from './invitation.errors.js';
import type { InvitationRecord } from './invitation.js';
import { InvitationRepository } from './invitation.repository.js';

/** Somebody accepts, once, and is signed in. */
@Injectable()
export class InvitationAcceptance {
  constructor(
    private readonly invitations: InvitationRepository,
    private readonly principals: PrincipalRepository,
    private readonly hasher: PasswordHasher,
    private readonly logins: LoginService,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** @throws InvitationTokenError, SuspendedError */
  async accept(input: { token: string; name: string; password: string }, origin: LoginOrigin): Promise<SignedIn> {
    const secret = parseSecret('in', input.token);
    if (secret === null) throw new InvitationTokenError();
    const scope = { tenantId: secret.tenantId };
    // Looked at first, so that nobody makes us hash with an invented token.
    await this.unitOfWork.run(scope, (tx) => this.open(tx, secret));
    const passwordHash = await this.hasher.hash(input.password);
    const { email } = await this.unitOfWork.run(scope, async (tx) => {
      const invitation = await this.open(tx, secret);
      const id = newId();
      if (!(await this.invitations.accept(tx, secret, id))) throw new InvitationTokenError();
      const { persona, role } = invitation;
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
          action: 'invitation.accepted',
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

  /** It is worth no more than whoever invited is today. */
  private async open(tx: TenantTx, secret: OneTimeSecret): Promise<InvitationRecord> {
    const invitation = await this.invitations.findOpen(tx, secret);
    if (invitation === null) throw new InvitationTokenError();
    const host = invitation.invitedBy === null ? null : await this.principals.findAny(tx, invitation.invitedBy);
    if (host === null || host.disabledAt !== null || outranks(invitation.role, host.role))
      throw new InvitationTokenError();
    return invitation;
  }

  private async joined(tenantId: string, email: string): Promise<LoginRow> {
    const person = await this.principals.findForLogin({ tenantId }, email);
    if (person === null) throw new InvitationTokenError();
    if (person.suspended) throw new SuspendedError();
    return person;
  }
}
