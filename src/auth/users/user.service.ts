import type { RequestContext, Role } from '#platform/context';
import { newId, type TenantTx, UnitOfWork } from '#platform/database';
import { EventBus } from '#platform/events';
import { AuditService, PLATFORM_SLUG, TenantService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { PasswordHasher } from '../password/password-hasher.js';
import { kindOf, normalEmail, type PrincipalRecord } from '../principals/principal.js';
import { PrincipalRepository } from '../principals/principal.repository.js';
import { SessionService } from '../sessions/session.service.js';
import { EmailTakenError, LastAdminError, PlatformAdminOnlyError, UserNotFoundError } from './user.errors.js';

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
    private readonly sessions: SessionService,
    private readonly tenants: TenantService,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
    private readonly events: EventBus,
  ) {}

  list(
    ctx: RequestContext,
    options: { before: string | null; limit: number; role: Role | null },
  ): Promise<PrincipalRecord[]> {
    return this.principals.listUsers(ctx, options);
  }

  /** @throws UserNotFoundError */
  async get(ctx: RequestContext, id: string): Promise<PrincipalRecord> {
    const user = await this.unitOfWork.run(ctx, (tx) => this.principals.findUser(tx, id));
    if (user === null) throw new UserNotFoundError();
    return user;
  }

  /** @throws EmailTakenError, PlatformAdminOnlyError */
  async create(ctx: RequestContext, user: NewUser): Promise<PrincipalRecord> {
    await this.assertMayAssign(ctx, user.role);
    const passwordHash = await this.hasher.hash(user.password);
    const id = newId();
    return this.unitOfWork.run(ctx, async (tx) => {
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
      const details = { role: user.role, persona: user.persona };
      await this.audit.record(tx, ctx, { action: 'user.created', targetType: 'user', targetId: id, details });
      return this.existing(tx, id);
    });
  }

  /**
   * A change of role or persona, or disabling, ends the person's sessions.
   * @param check runs on the locked row, before the change (`If-Match`)
   * @throws UserNotFoundError, PlatformAdminOnlyError, LastAdminError
   */
  async update(
    ctx: RequestContext,
    id: string,
    change: UserChange,
    check: (current: PrincipalRecord) => void = () => undefined,
  ): Promise<PrincipalRecord> {
    if (change.role !== undefined) await this.assertMayAssign(ctx, change.role);
    const { user, ended } = await this.unitOfWork.run(ctx, async (tx) => {
      await this.principals.lockTenant(tx);
      const current = await this.principals.lockUser(tx, id);
      if (current === null) throw new UserNotFoundError();
      if (current.role === 'platform_admin' && ctx.principal.role !== 'platform_admin') {
        throw new PlatformAdminOnlyError();
      }
      check(current);
      const next = {
        name: change.name ?? current.name,
        role: change.role ?? current.role,
        persona: change.persona === undefined ? current.persona : change.persona,
        disabled: change.disabled ?? current.disabledAt !== null,
      };
      await this.assertAdminRemains(tx, current, next);
      const updated = await this.principals.update(tx, id, next);
      const locksOut = next.role !== current.role || next.persona !== current.persona || next.disabled;
      const details = { ...change };
      await this.audit.record(tx, ctx, { action: 'user.changed', targetType: 'user', targetId: id, details });
      return { user: updated, ended: locksOut ? await this.sessions.endAll(tx, id) : null };
    });
    if (ended !== null) await this.events.publish(ended);
    return user;
  }

  private async existing(tx: TenantTx, id: string): Promise<PrincipalRecord> {
    const user = await this.principals.findUser(tx, id);
    if (user === null) throw new UserNotFoundError();
    return user;
  }

  private async assertMayAssign(ctx: RequestContext, role: Role): Promise<void> {
    if (role !== 'platform_admin') return;
    const platformId = await this.tenants.findIdBySlug(PLATFORM_SLUG);
    if (ctx.principal.role !== 'platform_admin' || ctx.tenantId !== platformId) throw new PlatformAdminOnlyError();
  }

  /** With the tenant's row locked, so that two admins cannot remove each other at once. */
  private async assertAdminRemains(
    tx: TenantTx,
    current: PrincipalRecord,
    next: { role: Role; disabled: boolean },
  ): Promise<void> {
    const isAdmin = current.role === 'tenant_admin' || current.role === 'platform_admin';
    const leaves = current.disabledAt === null && (next.disabled || next.role !== current.role);
    if (!isAdmin || !leaves) return;
    if ((await this.principals.countOthersWithRole(tx, current.role, current.id)) === 0) throw new LastAdminError();
  }
}
