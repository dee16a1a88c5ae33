import { type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { PrincipalRepository } from '../principals/principal.repository.js';
import { PasswordHasher } from './password-hasher.js';

/** Hashes that came from elsewhere (bcrypt) serve once: whoever signs in with one gets one of ours. */
@Injectable()
export class ImportedPasswords {
  constructor(
    private readonly hasher: PasswordHasher,
    private readonly principals: PrincipalRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * Called with the right password. A password that was changed meanwhile stays.
   * @returns the person with the hash that their password has now
   */
  async replace<P extends { readonly id: string; readonly passwordHash: string | null }>(
    tenantId: string,
    person: P,
    password: string,
  ): Promise<P> {
    const { id, passwordHash } = person;
    if (passwordHash === null || !this.hasher.isImported(passwordHash)) return person;
    const hash = await this.hasher.hash(password);
    const replaced = await this.unitOfWork.run({ tenantId }, (tx: TenantTx) =>
      this.principals.replacePasswordHash(tx, id, passwordHash, hash),
    );
    return replaced ? { ...person, passwordHash: hash } : person;
  }
}
