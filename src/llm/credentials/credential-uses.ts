import type { TenantTx } from '#platform/database';
import { Injectable } from '@nestjs/common';

export interface CredentialUse {
  /** `tool`, … */
  readonly type: string;
  readonly id: string;
  readonly name: string;
}

/** @returns by the id of a credential, what uses it, for each of the given ids that is used at all */
export type FindCredentialUses = (
  tx: TenantTx,
  credentialIds: readonly string[],
) => Promise<ReadonlyMap<string, readonly CredentialUse[]>>;

/** Who uses a credential is known above: whatever names one registers here how it is found. */
@Injectable()
export class CredentialUses {
  private readonly finders: FindCredentialUses[] = [];

  register(finder: FindCredentialUses): void {
    this.finders.push(finder);
  }

  async find(tx: TenantTx, credentialIds: readonly string[]): Promise<ReadonlyMap<string, readonly CredentialUse[]>> {
    const uses = new Map<string, CredentialUse[]>();
    if (credentialIds.length === 0) return uses;
    for (const finder of this.finders)
      for (const [id, found] of await finder(tx, credentialIds)) uses.set(id, [...(uses.get(id) ?? []), ...found]);
    return uses;
  }
}
