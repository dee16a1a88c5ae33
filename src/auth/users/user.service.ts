import type { RequestContext, Role } from '#platform/context';
import { newId, type TenantTx, UnitOfWork } from '#platform/database';
import { AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { PasswordHasher } from '../password/password-hasher.js';
import { kindOf, normalEmail, type PrincipalRecord } from '../principals/principal.js';
import { PrincipalRepository } from '../principals/principal.repository.js';
import type { ListedUser, UserFilter } from '../principals/user-list.repository.js';
import { Authority } from './authority.js';
import { Departures } from './departures.js';
import { isLastAdmin } from './last-admin.js';
import { StaffQuota } from './staff-quota.js';
import { EmailTakenError, LastAdminError, UserNotFoundError } from './user.errors.js';

export interface NewUser {
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly persona: string | null;
  readonly password: string;
}

export interface UserChange {
  readonly name?: string;
  readonly role?: Role;
  readonly persona?: string | null;
  readonly disabled?: boolean;
}

/** The people of a tenant, as its admins keep them. */
@Injectable()
export class UserService {
  constructor(
    private readonly principals: PrincipalRepository,
    private readonly hasher: PasswordHasher,
    private readonly authority: Authority,
    private readonly departures: Departures,
    private readonly quota: StaffQuota,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  list(ctx: RequestContext, filter: UserFilter): Promise<ListedUser[]> {
    return this.principals.listUsers(ctx, filter);
  }

  /** @throws UserNotFoundError */
  async get(ctx: RequestContext, id: string): Promise<PrincipalRecord> {
    const user = await this.unitOfWork.run(ctx, (tx) => this.principals.findUser(tx, id));
    if (user === null) throw new UserNotFoundError();
    return user;
  }

  /** @throws EmailTakenError, PlatformAdminOnlyError, MoreThanOwnError, QuotaExceededError */
  async create(ctx: RequestContext, user: NewUser): Promise<PrincipalRecord> {
    await this.authority.assertMayGrant(ctx, user.role);
    const passwordHash = await this.hasher.hash(user.password);
    const id = newId();
    return this.unitOfWork.run(ctx, async (tx) => {
      await this.quota.assertRoom(tx, user.role);
      const inserted = await this.principals.insert(tx, {
        id,
        kind: kindOf(user.role),
        email: normalEmail(user.email),
        externalId: null,
        name: user.name,
        role: user.role,
        persona: user.persona,
        passwordHash,
        attributes: {},
      });
      if (!inserted) throw new EmailTakenError();
      const stored = await this.principals.findUser(tx, id);
      if (stored === null) throw new UserNotFoundError();
      await this.audit.recordChange(tx, ctx, 'user', { id, before: null, after: shown(stored) });
      return stored;
    });
  }

  /**
   * A change of role or persona, or disabling, ends the person's sessions; of role or disabling, also what their keys hold.
   * @param check runs on the locked row, before the change (`If-Match`)
   * @throws UserNotFoundError, PlatformAdminOnlyError, MoreThanOwnError, LastAdminError, QuotaExceededError for an end user who
   *   becomes one of the staff
   */
  async update(
    ctx: RequestContext,
    id: string,
    change: UserChange,
    check: (current: PrincipalRecord) => void = () => undefined,
  ): Promise<PrincipalRecord> {
    if (change.role !== undefined) await this.authority.assertMayGrant(ctx, change.role);
    const { user, before, ended } = await this.unitOfWork.run(ctx, async (tx) => {
      const current = await this.locked(tx, ctx, id);
      check(current);
      const disabled = change.disabled ?? current.disabledAt !== null;
      const next = {
        name: change.name ?? current.name,
        role: change.role ?? current.role,
        persona: change.persona === undefined ? current.persona : change.persona,
        disabledAt: disabled ? (current.disabledAt ?? new Date()) : null,
        // After what any token has said, also one of a clock that is ahead.
        claimsAsOf: new Date(Math.max(Date.now(), current.claimsAsOf.getTime() + 1)),
      };
      if (kindOf(current.role) !== 'staff') await this.quota.assertRoom(tx, next.role);
      if (disabled || next.role !== current.role) await this.assertAdminRemains(tx, current);
      const updated = await this.principals.update(tx, id, next);
      const locksOut = next.role !== current.role || next.persona !== current.persona || disabled;
      await this.audit.recordChange(tx, ctx, 'user', { id, before: shown(current), after: shown(updated) });
      return { user: updated, before: current, ended: locksOut ? await this.departures.of(tx, id) : [] };
    });
    await this.departures.announce(ended);
    const stays = user.role === 'platform_admin' && user.disabledAt === null;
    if (before.role === 'platform_admin' && !stays) await this.departures.endVisits(id);
    return user;
  }

  /**
   * Who it was is gone at once; what they wrote is left to `erase`.
   * @throws UserNotFoundError, PlatformAdminOnlyError, MoreThanOwnError, LastAdminError
   */
  async delete(ctx: RequestContext, id: string): Promise<void> {
    const { before, ended } = await this.unitOfWork.run(ctx, async (tx) => {
      const current = await this.locked(tx, ctx, id);
      await this.assertAdminRemains(tx, current);
      await this.principals.tombstone(tx, id);
      // Who it was is not kept here either.
      await this.audit.recordChange(tx, ctx, 'user', { id, before: { role: current.role }, after: null });
      return { before: current, ended: await this.departures.of(tx, id) };
    });
    await this.departures.announce(ended);
    if (before.role === 'platform_admin') await this.departures.endVisits(id);
  }

  /**
   * Also somebody who was deleted: what they wrote can still be taken out.
   * @throws UserNotFoundError
   */
  async assertAuthor(ctx: RequestContext, id: string): Promise<void> {
    if ((await this.unitOfWork.run(ctx, (tx) => this.principals.lockAuthor(tx, id))) === null)
      throw new UserNotFoundError();
  }

  /**
   * Before an erasure: signed out and disabled. Somebody who was deleted is so already.
   * @throws UserNotFoundError, PlatformAdminOnlyError, MoreThanOwnError, LastAdminError
   */
  async shutOut(ctx: RequestContext, id: string): Promise<void> {
    const author = await this.unitOfWork.run(ctx, (tx) => this.principals.lockAuthor(tx, id));
    if (author === null) throw new UserNotFoundError();
    if (author.deletedAt === null) await this.update(ctx, id, { disabled: true });
    else this.authority.assertMayTouch(ctx, author.role);
  }

  /** The tenant's row is held as well, so that two admins cannot remove each other at once. */
  private async locked(tx: TenantTx, ctx: RequestContext, id: string): Promise<PrincipalRecord> {
    await this.principals.lockTenant(tx);
    const current = await this.principals.lockUser(tx, id);
    if (current === null) throw new UserNotFoundError();
    this.authority.assertMayTouch(ctx, current.role);
    return current;
  }

  /** Asked before somebody stops being what they are. */
  private async assertAdminRemains(tx: TenantTx, current: PrincipalRecord): Promise<void> {
    if (await isLastAdmin(tx, this.principals, current)) throw new LastAdminError();
  }
}

/** What the audit tells of a user. */
function shown({ disabledAt, email, name, persona, role }: PrincipalRecord): object {
  return { email, name, role, persona, disabled: disabledAt !== null };
}
