import type { RequestContext, Role } from '#platform/context';
import { newId, UnitOfWork } from '#platform/database';
import { NotFoundError } from '#platform/errors';
import { AuditService, changesBetween } from '#tenants';
import { Injectable } from '@nestjs/common';
import { normalEmail } from '../principals/principal.js';
import { PrincipalRepository } from '../principals/principal.repository.js';
import { newSecret } from '../recovery/one-time-secret.js';
import { Authority } from '../users/authority.js';
import { StaffQuota } from '../users/staff-quota.js';
import { EmailTakenError } from '../users/user.errors.js';
import { AlreadyInvitedError, InvitationEndedError, InviterLeftError } from './invitation.errors.js';
import { type InvitationRecord, type InvitationStatus, statusOf } from './invitation.js';
import { InvitationLetters } from './invitation-letters.js';
import { InvitationRepository } from './invitation.repository.js';
import { OpenInvitations } from './open-invitations.js';

const DAYS = 7;

export interface NewInvitation {
  readonly email: string;
  readonly role: Role;
  readonly persona: string | null;
}

/** An invitation and where it is accepted, which is told once. */
export interface SentInvitation {
  readonly invitation: InvitationRecord;
  readonly acceptUrl: string;
}

/** People who are asked to join and choose their password themselves. */
@Injectable()
export class InvitationService {
  constructor(
    private readonly invitations: InvitationRepository,
    private readonly open: OpenInvitations,
    private readonly principals: PrincipalRepository,
    private readonly authority: Authority,
    private readonly letters: InvitationLetters,
    private readonly quota: StaffQuota,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  list(
    ctx: RequestContext,
    options: { before: string | null; status: InvitationStatus | null; limit: number },
  ): Promise<InvitationRecord[]> {
    return this.invitations.list(ctx, options);
  }

  /** @throws NotFoundError */
  async get(ctx: RequestContext, id: string): Promise<InvitationRecord> {
    const invitation = await this.unitOfWork.run(ctx, (tx) => this.invitations.find(tx, id));
    if (invitation === null) throw new NotFoundError();
    return invitation;
  }

  /** @throws PlatformAdminOnlyError, MoreThanOwnError, EmailTakenError, AlreadyInvitedError, QuotaExceededError */
  async create(ctx: RequestContext, input: NewInvitation): Promise<SentInvitation> {
    await this.authority.assertMayGrant(ctx, input.role);
    const email = normalEmail(input.email);
    const id = newId();
    const secret = newSecret('in', ctx.tenantId, id);
    const invitation = await this.unitOfWork.run(ctx, async (tx) => {
      if ((await this.principals.findByEmail(tx, email)) !== null) throw new EmailTakenError();
      await this.quota.assertRoom(tx, input.role);
      const row = {
        ...input,
        id,
        email,
        secretHash: secret.hash,
        invitedBy: ctx.principal.id,
        expiresAt: inDays(DAYS),
      };
      if (!(await this.invitations.insert(tx, row))) throw new AlreadyInvitedError();
      const changes = changesBetween(null, { ...input, email });
      await this.audit.record(tx, ctx, {
        action: 'invitation.create',
        targetType: 'invitation',
        targetId: id,
        changes,
      });
      return this.existing(await this.invitations.find(tx, id));
    });
    return { invitation, acceptUrl: this.letters.send(email, secret.text) };
  }

  /**
   * The link of before is void.
   * @throws NotFoundError, InvitationEndedError, InviterLeftError, MoreThanOwnError, QuotaExceededError
   */
  async resend(ctx: RequestContext, id: string): Promise<SentInvitation> {
    const secret = newSecret('in', ctx.tenantId, id);
    const invitation = await this.unitOfWork.run(ctx, async (tx) => {
      const current = this.existing(await this.invitations.find(tx, id, 'for update'));
      this.authority.assertMayTouch(ctx, current.role);
      const status = statusOf(current);
      if (status === 'expired') await this.quota.assertRoom(tx, current.role);
      if (status === 'accepted' || status === 'revoked') throw new InvitationEndedError(status);
      // What nobody can accept is not sent.
      if (!(await this.open.isVouchedFor(tx, current))) throw new InviterLeftError();
      await this.invitations.renew(tx, secret, inDays(DAYS));
      await this.audit.record(tx, ctx, { action: 'invitation.resend', targetType: 'invitation', targetId: id });
      return this.existing(await this.invitations.find(tx, id));
    });
    return { invitation, acceptUrl: this.letters.send(invitation.email, secret.text) };
  }

  /** @throws NotFoundError, InvitationEndedError when it was accepted: then there is a user to delete */
  async revoke(ctx: RequestContext, id: string): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const current = this.existing(await this.invitations.find(tx, id, 'for update'));
      if (statusOf(current) === 'accepted') throw new InvitationEndedError('accepted');
      await this.invitations.revoke(tx, id);
      await this.audit.record(tx, ctx, { action: 'invitation.revoke', targetType: 'invitation', targetId: id });
    });
  }

  private existing(invitation: InvitationRecord | null): InvitationRecord {
    if (invitation === null) throw new NotFoundError();
    return invitation;
  }
}

function inDays(days: number): Date {
  return new Date(Date.now() + days * 24 * 3600 * 1000);
}
