import type { TenantScope } from '#platform/context';
import { type RowsWhere, type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { IsNull, LessThan, LessThanOrEqual, MoreThan, Not } from 'typeorm';
import type { OneTimeSecret } from '../recovery/one-time-secret.js';
import { InvitationEntity } from './invitation.entity.js';
import type { InvitationRecord, InvitationStatus } from './invitation.js';

@Injectable()
export class InvitationRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @returns false when this address has an open invitation already */
  async insert(
    tx: TenantTx,
    row: Pick<InvitationEntity, 'id' | 'email' | 'role' | 'persona' | 'secretHash' | 'invitedBy' | 'expiresAt'>,
  ): Promise<boolean> {
    const invitations = tx.rows(InvitationEntity);
    const { email, expiresAt, id, invitedBy, persona, role, secretHash } = row;
    await invitations.update({ email, ...where('expired') }, { revokedAt: () => 'now()' });
    const inserted = await tx.execute(
      `INSERT INTO app.invitation (tenant_id, id, email, role, persona, secret_hash, invited_by, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
      [tx.tenantId, id, email, role, persona, secretHash, invitedBy, expiresAt],
    );
    return inserted > 0;
  }

  find(tx: TenantTx, id: string, lock?: 'for update'): Promise<InvitationRecord | null> {
    return tx.rows(InvitationEntity).findOne({ id }, lock);
  }

  /** Newest first. */
  list(
    scope: TenantScope,
    options: { before: string | null; status: InvitationStatus | null; limit: number },
  ): Promise<InvitationRecord[]> {
    const before = options.before === null ? {} : { id: LessThan(options.before) };
    const status = options.status === null ? {} : where(options.status);
    const { limit } = options;
    return this.unitOfWork.run(scope, (tx) =>
      tx.rows(InvitationEntity).find({ where: { ...before, ...status }, order: { id: 'DESC' }, limit }),
    );
  }

  async renew(tx: TenantTx, secret: OneTimeSecret, expiresAt: Date): Promise<void> {
    await tx.rows(InvitationEntity).update({ id: secret.id }, { secretHash: secret.hash, expiresAt });
  }

  async revoke(tx: TenantTx, id: string): Promise<void> {
    await tx
      .rows(InvitationEntity)
      .update({ id, acceptedAt: IsNull(), revokedAt: IsNull() }, { revokedAt: () => 'now()' });
  }

  findOpen(tx: TenantTx, secret: OneTimeSecret): Promise<InvitationRecord | null> {
    return tx.rows(InvitationEntity).findOne({ id: secret.id, secretHash: secret.hash, ...where('pending') });
  }

  /** @returns false when it is not open any more: of two at once, one gets true */
  async accept(tx: TenantTx, secret: OneTimeSecret, principalId: string): Promise<boolean> {
    const open = { id: secret.id, secretHash: secret.hash, ...where('pending') };
    const change = { acceptedAt: () => 'now()', acceptedBy: principalId };
    return (await tx.rows(InvitationEntity).update(open, change)) > 0;
  }
}

function where(status: InvitationStatus): RowsWhere<InvitationEntity> {
  const open = { acceptedAt: IsNull(), revokedAt: IsNull() };
  switch (status) {
    case 'pending':
      return { ...open, expiresAt: MoreThan(new Date()) };
    case 'expired':
      return { ...open, expiresAt: LessThanOrEqual(new Date()) };
    case 'accepted':
      return { acceptedAt: Not(IsNull()) };
    case 'revoked':
      return { revokedAt: Not(IsNull()) };
  }
}
