import type { RequestContext } from '#platform/context';
import { newId, type TenantTx, UnitOfWork } from '#platform/database';
import { AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { PrincipalRepository } from '../principals/principal.repository.js';
import { Authority } from '../users/authority.js';
import { UserNotFoundError } from '../users/user.errors.js';
import { AccountLinks } from './account-links.js';
import { newSecret } from './one-time-secret.js';
import { CannotResetError } from './recovery.errors.js';
import { RecoveryLetters } from './recovery-letters.js';
import { RecoveryRepository } from './recovery.repository.js';

const MINUTES = 30;

/** Ways to set a password without the old one: made here, used in `PasswordReset`. */
@Injectable()
export class RecoveryService {
  constructor(
    private readonly recoveries: RecoveryRepository,
    private readonly principals: PrincipalRepository,
    private readonly authority: Authority,
    private readonly letters: RecoveryLetters,
    private readonly links: AccountLinks,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Within a transaction. The earlier one of the person is void. */
  async issue(tx: TenantTx, principalId: string): Promise<{ url: string; expiresAt: Date }> {
    const secret = newSecret('pr', tx.tenantId, newId());
    const expiresAt = new Date(Date.now() + MINUTES * 60_000);
    await this.recoveries.replace(tx, principalId, secret, expiresAt);
    return { url: this.links.resetPassword(secret.text), expiresAt };
  }

  /**
   * An admin hands over the address himself; it is mailed as well where mail is sent.
   * @throws UserNotFoundError, MoreThanOwnError, CannotResetError
   */
  async byAdmin(ctx: RequestContext, userId: string): Promise<{ url: string; expiresAt: Date }> {
    const { email, reset } = await this.unitOfWork.run(ctx, async (tx) => {
      const user = await this.principals.lockUser(tx, userId);
      if (user === null) throw new UserNotFoundError();
      this.authority.assertMayTouch(ctx, user.role);
      if (user.email === null || user.disabledAt !== null) throw new CannotResetError();
      const entry = { action: 'password.issue_reset', targetType: 'user', targetId: userId };
      await this.audit.record(tx, ctx, entry);
      return { email: user.email, reset: await this.issue(tx, userId) };
    });
    this.letters.later(async () => letter(email, reset.url));
    return reset;
  }
}

/** The letter to somebody whose password may be set. */
export function letter(to: string, url: string): { to: string; subject: string; text: string } {
  const text = [
    'Somebody asked to set a new password for your account. To do so, open within 30 minutes:',
    url,
    'If it was not you, do nothing: your password stays as it is.',
  ];
  return { to, subject: 'Set a new password', text: text.join('\n\n') };
}
