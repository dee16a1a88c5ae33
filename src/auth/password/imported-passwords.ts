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

  /** Called with the right password. A password that was changed meanwhile stays. */
  async replace(
    tenantId: string,
    person: { id: string; passwordHash: string | null },
    password: string,
  ): Promise<void> {
    const { id, passwordHash } = person;
    if (passwordHash === null || !this.hasher.isImported(passwordHash)) return;
    const hash = await this.hasher.hash(password);
    await this.unitOfWork.run({ tenantId }, (tx: TenantTx) => this.principals.rehash(tx, id, passwordHash, hash));
  }
}
