import type { Role, TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { In, IsNull, LessThan, MoreThan } from 'typeorm';
import { PrincipalEntity } from '../principals/principal.entity.js';
import { SessionEntity } from './session.entity.js';

export interface SessionRecord {
  readonly id: string;
  readonly principalId: string;
  /** Whose it is. */
  readonly name: string;
  readonly userAgent: string | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
}

export interface SessionFilter {
  readonly principalId: string | null;
  readonly before: string | null;
  readonly limit: number;
}

/** The sessions that still hold, as people look at them. */
@Injectable()
export class SessionDirectoryRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Newest first. */
  list(scope: TenantScope, { before, limit, principalId }: SessionFilter): Promise<SessionRecord[]> {
    const where = {
      ...(before === null ? {} : { id: LessThan(before) }),
      ...(principalId === null ? {} : { principalId }),
      ...alive(),
    };
    return this.unitOfWork.run(scope, async (tx) => {
      const sessions = await tx.rows(SessionEntity).find({ where, order: { id: 'DESC' }, limit });
      const ids = [...new Set(sessions.map((session) => session.principalId))];
      const people = await tx.rows(PrincipalEntity).find({ where: { id: In(ids) } });
      const names = new Map(people.map(({ id, name }) => [id, name]));
      return sessions.map((session) => ({ ...session, name: names.get(session.principalId) ?? '' }));
    });
  }

  /** @param principalId null: anybody's */
  async find(
    tx: TenantTx,
    id: string,
    principalId: string | null,
  ): Promise<{ principalId: string; role: Role } | null> {
    const owned = principalId === null ? {} : { principalId };
    const session = await tx.rows(SessionEntity).findOne({ id, ...owned, ...alive() });
    const role = session === null ? null : await this.roleOf(tx, session.principalId);
    return session === null || role === null ? null : { principalId: session.principalId, role };
  }

  /** Of anybody who has or had sessions; null: there is nobody. */
  async roleOf(tx: TenantTx, principalId: string): Promise<Role | null> {
    return (await tx.rows(PrincipalEntity).findOne({ id: principalId }))?.role ?? null;
  }
}

function alive() {
  return { revokedAt: IsNull(), expiresAt: MoreThan(new Date()) };
}
