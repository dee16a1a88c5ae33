import type { Role, TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { In, IsNull, Not } from 'typeorm';
import { PrincipalEntity } from './principal.entity.js';
import { rememberEnded } from './ended-identities.js';
import { kindOf, PERSON_KINDS, type PrincipalRecord } from './principal.js';
import { type ListedUser, listUsers, type UserFilter } from './user-list.repository.js';

const COLUMNS = `p.id, p.kind, p.email, p.external_id AS "externalId", p.name, p.role, p.persona, p.attributes,
  p.disabled_at AS "disabledAt", p.claims_as_of AS "claimsAsOf", p.created_at AS "createdAt", p.updated_at AS "updatedAt"`;

export interface LoginRow {
  readonly id: string;
  readonly passwordHash: string | null;
  readonly role: Role;
  readonly persona: string | null;
  readonly name: string;
  readonly email: string;
  readonly slug: string;
  readonly suspended: boolean;
}

export interface NewPrincipal {
  readonly id: string;
  readonly kind: PrincipalRecord['kind'];
  readonly email: string | null;
  readonly externalId: string | null;
  readonly name: string;
  readonly role: Role;
  readonly persona: string | null;
  readonly passwordHash: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Absent: as of now. */
  readonly claimsAsOf?: Date;
}

@Injectable()
export class PrincipalRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Somebody who may sign in with a password, unless the tenant is suspended. */
  async findForLogin(scope: TenantScope, email: string): Promise<LoginRow | null> {
    const [row] = await this.unitOfWork.query<LoginRow>(
      scope,
      `SELECT p.id, p.password_hash AS "passwordHash", p.role, p.persona, p.name, p.email, t.slug,
              t.status = 'suspended' AS suspended
       FROM app.principal p JOIN app.tenant t ON t.id = p.tenant_id
       WHERE p.tenant_id = $1 AND lower(p.email) = $2 AND p.disabled_at IS NULL AND p.password_hash IS NOT NULL`,
      [scope.tenantId, email],
    );
    return row ?? null;
  }

  async findByEmail(tx: TenantTx, email: string): Promise<PrincipalRecord | null> {
    return tx.one<PrincipalRecord>(
      `SELECT ${COLUMNS} FROM app.principal p WHERE p.tenant_id = $1 AND lower(p.email) = $2`,
      [tx.tenantId, email],
    );
  }

  async findByExternalId(tx: TenantTx, externalId: string): Promise<PrincipalRecord | null> {
    return tx.one<PrincipalRecord>(
      `SELECT ${COLUMNS} FROM app.principal p WHERE p.tenant_id = $1 AND p.external_id = $2`,
      [tx.tenantId, externalId],
    );
  }

  findUser(tx: TenantTx, id: string): Promise<PrincipalRecord | null> {
    return tx.rows(PrincipalEntity).findOne({ id, ...IS_PERSON });
  }

  /** Also an API key's, or a platform admin's on a visit. */
  findAny(tx: TenantTx, id: string): Promise<PrincipalRecord | null> {
    return tx.rows(PrincipalEntity).findOne({ id });
  }

  lockUser(tx: TenantTx, id: string): Promise<PrincipalRecord | null> {
    return tx.rows(PrincipalEntity).findOne({ id, ...IS_PERSON }, 'for update');
  }

  /** A person, also one who was deleted and of whom only what they wrote is left. */
  lockAuthor(tx: TenantTx, id: string): Promise<(PrincipalRecord & { readonly deletedAt: Date | null }) | null> {
    return tx.rows(PrincipalEntity).findOne({ id, kind: IS_PERSON.kind }, 'for update');
  }

  listUsers(scope: TenantScope, options: UserFilter): Promise<ListedUser[]> {
    return this.unitOfWork.run(scope, (tx) => listUsers(tx, options));
  }

  /** @returns false when the email or external id is taken */
  async insert(tx: TenantTx, principal: NewPrincipal): Promise<boolean> {
    const inserted = await tx.execute(
      `INSERT INTO app.principal
         (tenant_id, id, kind, email, external_id, name, role, persona, password_hash, attributes,
          claims_as_of)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, COALESCE($11, now())) ON CONFLICT DO NOTHING`,
      [
        tx.tenantId,
        principal.id,
        principal.kind,
        principal.email,
        principal.externalId,
        principal.name,
        principal.role,
        principal.persona,
        principal.passwordHash,
        JSON.stringify(principal.attributes),
        principal.claimsAsOf ?? null,
      ],
    );
    return inserted > 0;
  }

  async update(
    tx: TenantTx,
    id: string,
    change: { name: string; role: Role; persona: string | null; disabledAt: Date | null; claimsAsOf: Date },
  ): Promise<PrincipalRecord> {
    await tx.rows(PrincipalEntity).update({ id }, { ...change, kind: kindOf(change.role) });
    const row = await this.findUser(tx, id);
    if (row === null) throw new Error('The locked principal is gone');
    return row;
  }

  async disable(tx: TenantTx, id: string): Promise<void> {
    await tx.rows(PrincipalEntity).update({ id, disabledAt: IsNull() }, { disabledAt: () => 'now()' });
  }

  async enable(tx: TenantTx, id: string): Promise<void> {
    await tx.rows(PrincipalEntity).update({ id }, { disabledAt: null });
  }

  /** What says who it was is gone at once, so that address and external id are free; what refers to the row still can. */
  async tombstone(tx: TenantTx, id: string): Promise<void> {
    await rememberEnded(tx, id);
    await tx.execute(
      `DELETE FROM app.invitation i WHERE i.tenant_id = $1 AND (i.accepted_by = $2 OR i.email = (
         SELECT lower(p.email) FROM app.principal p WHERE p.tenant_id = $1 AND p.id = $2))`,
      [tx.tenantId, id],
    );
    await tx.rows(PrincipalEntity).update(
      { id },
      {
        email: null,
        externalId: null,
        name: '',
        passwordHash: null,
        attributes: {},
        disabledAt: () => 'COALESCE(disabled_at, now())',
        deletedAt: () => 'now()',
      },
    );
  }

  /** With what refers to the row, and the invitations to it. */
  async erase(tx: TenantTx, { email, id }: Pick<PrincipalRecord, 'id' | 'email'>): Promise<void> {
    await tx.execute('DELETE FROM app.invitation WHERE tenant_id = $1 AND (accepted_by = $2 OR email = lower($3))', [
      ...[tx.tenantId, id, email],
    ]);
    await tx.rows(PrincipalEntity).delete({ id });
  }

  /** What the tenant's own server says of its user. False when the address is somebody else's. */
  async updateEndUser(
    tx: TenantTx,
    user: Pick<NewPrincipal, 'id' | 'name' | 'email' | 'persona' | 'attributes'>,
  ): Promise<boolean> {
    const touched = await tx.execute(
      `UPDATE app.principal p SET name = $3, email = $4, persona = $5, attributes = $6, updated_at = now(),
         claims_as_of = greatest(now(), p.claims_as_of)
       WHERE p.tenant_id = $1 AND p.id = $2 AND NOT EXISTS (
         SELECT 1 FROM app.principal o WHERE o.tenant_id = $1 AND lower(o.email) = $4 AND o.id <> $2)`,
      [tx.tenantId, user.id, user.name, user.email, user.persona, JSON.stringify(user.attributes)],
    );
    return touched > 0;
  }

  async passwordHash(tx: TenantTx, id: string): Promise<string | null> {
    const row = await tx.one<{ hash: string | null }>(
      `SELECT password_hash AS hash FROM app.principal WHERE tenant_id = $1 AND id = $2`,
      [tx.tenantId, id],
    );
    return row?.hash ?? null;
  }

  /** Whether the password is still the one of this hash, and stays so until the transaction ends. */
  async hasPasswordHash(tx: TenantTx, id: string, hash: string): Promise<boolean> {
    const found = await tx.query(
      `SELECT 1 FROM app.principal WHERE tenant_id = $1 AND id = $2 AND password_hash = $3 FOR SHARE`,
      [tx.tenantId, id, hash],
    );
    return found.length > 0;
  }

  /** An open recovery is void with it. */
  async setPasswordHash(tx: TenantTx, id: string, hash: string): Promise<void> {
    await this.dropRecovery(tx, id);
    await tx.rows(PrincipalEntity).update({ id }, { passwordHash: hash });
  }

  async dropRecovery(tx: TenantTx, id: string): Promise<void> {
    await tx.execute('DELETE FROM app.recovery WHERE tenant_id = $1 AND principal_id = $2', [tx.tenantId, id]);
  }

  /**
   * Another hash in the place of the one that was looked at.
   * @returns false when another one was set meanwhile: that one stays
   */
  async replacePasswordHash(tx: TenantTx, id: string, from: string, to: string): Promise<boolean> {
    return (await tx.rows(PrincipalEntity).update({ id, passwordHash: from }, { passwordHash: to })) > 0;
  }

  /** How many people with this role can still sign in, besides one. Lock the tenant's row first. */
  countOthersWithRole(tx: TenantTx, role: Role, exceptId: string): Promise<number> {
    return tx.rows(PrincipalEntity).count({ role, id: Not(exceptId), disabledAt: IsNull(), ...IS_PERSON });
  }

  /** The oldest who can still sign in. */
  async findFirstWithRole(tx: TenantTx, role: Role): Promise<PrincipalRecord | null> {
    const where = { role, disabledAt: IsNull(), ...IS_PERSON };
    const [first] = await tx.rows(PrincipalEntity).find({ where, order: { id: 'ASC' }, limit: 1 });
    return first ?? null;
  }

  /** The tenants that know this external id: where a platform admin has been. */
  async tenantsWith(externalId: string): Promise<string[]> {
    const rows = await this.unitOfWork.lookup<{ id: string }>(
      'SELECT tenant_id AS id FROM app.tenants_visited_by($1)',
      [externalId],
    );
    return rows.map((row) => row.id);
  }

  /**
   * Serialises what depends on who is left: the last admin, who invited, the key that makes a key. Not `FOR UPDATE`: rows
   * that refer to the tenant can be inserted meanwhile, by transactions that may hold what this one asks for next.
   */
  async countStaff(tx: TenantTx): Promise<{ present: number; invited: number }> {
    const row = await tx.one<{ present: number; invited: number }>(
      `SELECT (SELECT count(*)::int FROM app.principal
                WHERE tenant_id = $1 AND kind = 'staff' AND deleted_at IS NULL) AS present,
              (SELECT count(*)::int FROM app.invitation
                WHERE tenant_id = $1 AND role NOT IN ('end_user', 'visitor') AND accepted_at IS NULL AND revoked_at IS NULL
                  AND expires_at > now()) AS invited`,
      [tx.tenantId],
    );
    return row ?? { present: 0, invited: 0 };
  }

  async lockTenant(tx: TenantTx): Promise<void> {
    await tx.execute('SELECT 1 FROM app.tenant WHERE id = $1 FOR NO KEY UPDATE', [tx.tenantId]);
  }
}

/** API keys and platform admins on a visit have rows here too, so that what they do has an owner. */
const IS_PERSON = { kind: In([...PERSON_KINDS]), deletedAt: IsNull() };
