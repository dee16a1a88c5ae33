import { createHash } from 'node:crypto';
import { isUuid, newId, UnitOfWork } from '#platform/database';
import { limitedAddress } from '#platform/http';
import { type Limiter, Limiters, take } from '#platform/limits';
import type { Mail } from '#platform/mail';
import { AuditService, TenantService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { normalEmail } from '../principals/principal.js';
import { PrincipalRepository } from '../principals/principal.repository.js';
import { RecoveryLetters } from './recovery-letters.js';
import { letter, RecoveryService } from './recovery.service.js';

const WINDOW_SECONDS = 15 * 60;
/** Letters to one account, whoever asks: enough for somebody who waits, too few to bury a mailbox. */
const PER_ACCOUNT = 3;
const PER_ADDRESS = 30;

/** "I forgot my password": everything after the form of the request happens when the answer is out. */
@Injectable()
export class ForgottenPassword {
  private readonly accounts: Limiter;
  private readonly addresses: Limiter;

  constructor(
    private readonly tenants: TenantService,
    private readonly principals: PrincipalRepository,
    private readonly recoveries: RecoveryService,
    private readonly letters: RecoveryLetters,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
    limiters: Limiters,
  ) {
    this.accounts = limiters.create({ name: 'forgot', points: PER_ACCOUNT, seconds: WINDOW_SECONDS });
    this.addresses = limiters.create({ name: 'forgot.address', points: PER_ADDRESS, seconds: WINDOW_SECONDS });
  }

  /** Known, unknown, disabled and beyond the limit are one and the same to whoever asks. */
  request(input: { tenant: string; email: string }, address: string): void {
    this.letters.later(() => this.find(input, address));
  }

  private async find(input: { tenant: string; email: string }, address: string): Promise<Mail | null> {
    const email = normalEmail(input.email);
    const known = isUuid(input.tenant) ? input.tenant.toLowerCase() : await this.tenants.findIdBySlug(input.tenant);
    const tenantId = known ?? newId();
    const account = createHash('sha256').update(`${tenantId}/${email}`).digest('base64url');
    if ((await take(this.addresses, limitedAddress(address))) !== null) return null;
    if ((await take(this.accounts, account)) !== null) return null;
    const person = await this.principals.findForLogin({ tenantId }, email);
    if (person === null || person.suspended) return null;
    return this.unitOfWork.run({ tenantId }, async (tx) => {
      const { url } = await this.recoveries.issue(tx, person.id);
      const actor = { principal: { id: null, role: null } };
      const entry = { action: 'password.request_reset', targetType: 'user', targetId: person.id, address };
      await this.audit.record(tx, actor, entry);
      return letter(person.email, url);
    });
  }
}
