import type { TenantTx } from '#platform/database';
import { UnauthorizedError } from '#platform/errors';
import { Injectable } from '@nestjs/common';
import { ApiKeyVerifier } from '../api-keys/api-key.verifier.js';
import { PrincipalRepository } from '../principals/principal.repository.js';
import type { OneTimeSecret } from '../recovery/one-time-secret.js';
import { Authority } from '../users/authority.js';
import { MoreThanOwnError, PlatformAdminOnlyError } from '../users/user.errors.js';
import { InvitationTokenError } from './invitation.errors.js';
import type { InvitationRecord } from './invitation.js';
import { InvitationRepository } from './invitation.repository.js';

/** What can still be accepted. An invitation is worth no more than whoever invited is today. */
@Injectable()
export class OpenInvitations {
  constructor(
    private readonly invitations: InvitationRepository,
    private readonly principals: PrincipalRepository,
    private readonly keys: ApiKeyVerifier,
    private readonly authority: Authority,
  ) {}

  /** @throws InvitationTokenError */
  async find(tx: TenantTx, secret: OneTimeSecret): Promise<InvitationRecord> {
    const invitation = await this.invitations.findOpen(tx, secret);
    if (invitation === null || !(await this.isVouchedFor(tx, invitation))) throw new InvitationTokenError();
    return invitation;
  }

  /**
   * Accepts it, once.
   * @throws InvitationTokenError, also for the second of two at once
   */
  async take(tx: TenantTx, secret: OneTimeSecret, principalId: string): Promise<InvitationRecord> {
    const invitation = await this.find(tx, secret);
    if (!(await this.invitations.accept(tx, secret, principalId))) throw new InvitationTokenError();
    return invitation;
  }

  /** Whether whoever invited is still there and may still give the role: a person, or a key with its maker and its scopes. */
  async isVouchedFor(tx: TenantTx, { invitedBy, role }: InvitationRecord): Promise<boolean> {
    const host = invitedBy === null ? null : await this.principals.findAny(tx, invitedBy);
    if (host === null || host.disabledAt !== null) return false;
    try {
      const scopes = host.kind === 'api_key' ? (await this.keys.hold(tx, host.id)).scopes : undefined;
      this.authority.assertMayTouch({ principal: { role: host.role, scopes } }, role);
      return true;
    } catch (error) {
      if (ENDED.some((kind) => error instanceof kind)) return false;
      throw error;
    }
  }
}

const ENDED = [UnauthorizedError, MoreThanOwnError, PlatformAdminOnlyError];
