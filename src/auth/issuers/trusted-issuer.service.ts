import type { RequestContext, Role } from '#platform/context';
import { newId, type TenantTx, UnitOfWork } from '#platform/database';
import { NotFoundError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { isAllowed } from '#platform/http';
import { AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { SessionRevoked } from '../sessions/session.events.js';
import { Authority } from '../users/authority.js';
import { ForeignSessionRepository } from './foreign-session.repository.js';
import { IssuerCheck } from './issuer-check.js';
import { IssuerTakenError, MayNotVouchError } from './trusted-issuer.errors.js';
import type { IssuerInput, TrustedIssuerRecord } from './trusted-issuer.js';
import { type IssuerRow, TrustedIssuerRepository } from './trusted-issuer.repository.js';

/** Issuers whose people are let in without an account of ours, as a tenant's admins keep them. */
@Injectable()
export class TrustedIssuerService {
  constructor(
    private readonly issuers: TrustedIssuerRepository,
    private readonly foreign: ForeignSessionRepository,
    private readonly check: IssuerCheck,
    private readonly authority: Authority,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
    private readonly events: EventBus,
  ) {}

  list(ctx: RequestContext, before: string | null, limit: number): Promise<TrustedIssuerRecord[]> {
    return this.issuers.list(ctx, before, limit);
  }

  /** @throws NotFoundError */
  async get(ctx: RequestContext, id: string): Promise<TrustedIssuerRecord> {
    return this.unitOfWork.run(ctx, (tx) => this.existing(tx, id));
  }

  /** @throws IssuerKeyError, IssuerTakenError, MayNotVouchError, MoreThanOwnError */
  async create(ctx: RequestContext, input: IssuerInput): Promise<TrustedIssuerRecord> {
    const row = { id: newId(), ...this.check.accept(input) };
    await this.assertMayGrant(ctx, row.roles);
    return this.unitOfWork.run(ctx, async (tx) => {
      await this.assertFree(tx, row);
      await this.issuers.insert(tx, row);
      await this.audit.recordChange(tx, ctx, 'trusted_issuer', { id: row.id, before: null, after: row });
      return this.existing(tx, row.id);
    });
  }

  /**
   * Everybody whom it let in signs in again.
   * @param check runs on the locked row, before the change (`If-Match`)
   * @throws NotFoundError, IssuerKeyError, IssuerTakenError, MayNotVouchError, MoreThanOwnError
   */
  async update(
    ctx: RequestContext,
    id: string,
    change: Partial<IssuerInput>,
    check: (current: TrustedIssuerRecord) => void,
  ): Promise<TrustedIssuerRecord> {
    if (change.roles !== undefined) await this.assertMayGrant(ctx, change.roles);
    const { ended, stored } = await this.unitOfWork.run(ctx, async (tx) => {
      const current = await this.existing(tx, id, 'for update');
      await this.assertMayGrant(ctx, current.roles);
      check(current);
      const row = { id, ...this.check.accept({ ...current, ...change }) };
      await this.assertFree(tx, row);
      await this.issuers.update(tx, row);
      await this.audit.recordChange(tx, ctx, 'trusted_issuer', { id, before: current, after: row });
      return { stored: await this.existing(tx, id), ended: await this.endSessions(tx, id) };
    });
    await this.announce(ended);
    return stored;
  }

  /** @throws NotFoundError */
  async delete(ctx: RequestContext, id: string): Promise<void> {
    const ended = await this.unitOfWork.run(ctx, async (tx) => {
      const current = await this.existing(tx, id, 'for update');
      await this.issuers.delete(tx, id);
      await this.audit.recordChange(tx, ctx, 'trusted_issuer', { id, before: current, after: null });
      return this.endSessions(tx, id);
    });
    await this.announce(ended);
  }

  private async existing(tx: TenantTx, id: string, lock?: 'for update'): Promise<TrustedIssuerRecord> {
    const issuer = await this.issuers.find(tx, id, lock);
    if (issuer === null) throw new NotFoundError();
    return issuer;
  }

  /** Whoever keeps an issuer can sign in as any of its people, also those whom the tenant's own server vouches for. */
  private async assertMayGrant(ctx: RequestContext, roles: readonly Role[]): Promise<void> {
    if (!isAllowed(ctx.principal, 'end_user_tokens.create')) throw new MayNotVouchError();
    for (const role of roles) await this.authority.assertMayGrant(ctx, role);
  }

  /** A token says no tenant: two that trusted the same issuer for the same audience could not be told apart. */
  private async assertFree(tx: TenantTx, { audience, enabled, id, issuer }: IssuerRow): Promise<void> {
    if (enabled && (await this.issuers.othersTrusting(tx, issuer, audience)) > 0) throw new IssuerTakenError();
    if (await this.issuers.isKnown(tx, issuer, id)) throw new IssuerTakenError();
  }

  private async endSessions(tx: TenantTx, issuerId: string): Promise<SessionRevoked[]> {
    const ended = await this.foreign.revokeBy(tx, issuerId);
    return ended.map(({ id, principalId }) => new SessionRevoked(tx.tenantId, principalId, id));
  }

  private async announce(ended: readonly SessionRevoked[]): Promise<void> {
    for (const event of ended) await this.events.publish(event);
  }
}
