import type { Role, TenantScope } from '#platform/context';
import { isUuid, newId, type TenantTx, UnitOfWork } from '#platform/database';
import { AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { PasswordHasher } from '../password/password-hasher.js';
import { rememberEnded } from './ended-identities.js';
import { EnabledAgainError, LastAdminError } from '../users/user.errors.js';
import { kindOf, normalEmail, type PrincipalRecord } from './principal.js';
import { PrincipalRepository } from './principal.repository.js';

export interface PersonToEnsure {
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly persona?: string | null;
  readonly password: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** Somebody may have talked a lot. */
const ERASED_WITHIN_MS = 60_000;

/** People that the start, the seed and the command line make; nobody is asked and nothing is announced. */
@Injectable()
export class PrincipalService {
  constructor(
    private readonly principals: PrincipalRepository,
    private readonly hasher: PasswordHasher,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Makes the person unless the address exists in this tenant; an existing one is left exactly as it is. */
  async ensurePerson(
    scope: TenantScope,
    person: PersonToEnsure,
  ): Promise<{ principal: PrincipalRecord; created: boolean }> {
    const email = normalEmail(person.email);
    const existing = await this.findByEmail(scope, email);
    if (existing !== null) return { principal: existing, created: false };
    const passwordHash = await this.hasher.hash(person.password);
    return this.unitOfWork.run(scope, async (tx) => {
      const created = await this.principals.insert(tx, {
        id: newId(),
        kind: kindOf(person.role),
        email,
        externalId: null,
        name: person.name,
        role: person.role,
        persona: person.persona ?? null,
        passwordHash,
        attributes: person.attributes ?? {},
      });
      const principal = await this.principals.findByEmail(tx, email);
      if (principal === null) throw new Error('The principal that was just made is gone');
      return { principal, created };
    });
  }

  findByEmail(scope: TenantScope, email: string): Promise<PrincipalRecord | null> {
    return this.unitOfWork.run(scope, (tx) => this.principals.findByEmail(tx, normalEmail(email)));
  }

  /** By id or external id; an end user is made when there is nobody. For development: nobody vouches. */
  async ensureNamed(scope: TenantScope, named: string): Promise<PrincipalRecord> {
    return this.unitOfWork.run(scope, async (tx) => {
      const byId = isUuid(named) ? await this.principals.findUser(tx, named.toLowerCase()) : null;
      const known = byId ?? (await this.principals.findByExternalId(tx, named));
      if (known !== null) return known;
      await this.principals.insert(tx, {
        id: newId(),
        kind: 'end_user',
        email: null,
        externalId: named,
        name: named,
        role: 'end_user',
        persona: null,
        passwordHash: null,
        attributes: {},
      });
      const made = await this.principals.findByExternalId(tx, named);
      if (made === null) throw new Error('The principal that was just made is gone');
      return made;
    });
  }

  findFirstWithRole(scope: TenantScope, role: Role): Promise<PrincipalRecord | null> {
    return this.unitOfWork.run(scope, (tx) => this.principals.findFirstWithRole(tx, role));
  }

  /** Looks before an erasure begins; `erase` looks again. @throws EnabledAgainError, LastAdminError */
  async assertErasable(scope: TenantScope, id: string): Promise<void> {
    await this.unitOfWork.run(scope, (tx) => this.erasable(tx, id));
  }

  /**
   * With everything that goes with them: sessions, conversations, what they own, invitations; the record names them no more.
   * @returns false when there is none
   * @throws EnabledAgainError, LastAdminError
   */
  async erase(scope: TenantScope, id: string): Promise<boolean> {
    const work = async (tx: TenantTx) => {
      const author = await this.erasable(tx, id);
      if (author === null) return false;
      await rememberEnded(tx, id);
      await this.audit.redact(tx, id, author.email);
      await this.principals.erase(tx, author);
      return true;
    };
    return this.unitOfWork.run(scope, work, { deadlineMs: ERASED_WITHIN_MS });
  }

  /** Between the order and the deed somebody may have been let in again, and the other admins may have left. */
  private async erasable(tx: TenantTx, id: string): Promise<PrincipalRecord | null> {
    await this.principals.lockTenant(tx);
    const author = await this.principals.lockAuthor(tx, id);
    if (author === null) return null;
    if (author.disabledAt === null) throw new EnabledAgainError();
    const isAdmin = author.role === 'tenant_admin' || author.role === 'platform_admin';
    if (isAdmin && (await this.principals.countOthersWithRole(tx, author.role, id)) === 0) throw new LastAdminError();
    return author;
  }

  /** Gives a person another password, for a demo whose generated password was lost. */
  async setPassword(scope: TenantScope, id: string, password: string): Promise<void> {
    const hash = await this.hasher.hash(password);
    await this.unitOfWork.run(scope, (tx) => this.principals.setPasswordHash(tx, id, hash));
  }
}
