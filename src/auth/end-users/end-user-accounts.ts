import { newId, type TenantTx } from '#platform/database';
import { ForbiddenError } from '#platform/errors';
import { Injectable } from '@nestjs/common';
import { kindOf, normalEmail, type PrincipalRecord } from '../principals/principal.js';
import { PrincipalRepository } from '../principals/principal.repository.js';

export interface EndUserInput {
  readonly externalId: string;
  // What is absent stays as it is.
  readonly name?: string;
  readonly email?: string | null;
  readonly persona?: string | null;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** Ids that the program gives out itself: nobody else's person is called so. */
export const RESERVED_EXTERNAL_ID = /^(api_key|platform):/;

/** The people of a tenant whom its own server vouches for: made when they are seen first, brought up to date after. */
@Injectable()
export class EndUserAccounts {
  constructor(private readonly principals: PrincipalRepository) {}

  /**
   * @returns the stored user, and whether their persona is another than before; null when the address is somebody else's
   * @throws ForbiddenError for somebody who was disabled, or is no end user
   */
  async ensure(tx: TenantTx, input: EndUserInput): Promise<{ user: PrincipalRecord; isAnother: boolean } | null> {
    const known = await this.principals.findByExternalId(tx, input.externalId);
    if (known !== null && (known.role !== 'end_user' || known.disabledAt !== null)) {
      throw new ForbiddenError('This user was disabled or is not an end user');
    }
    const { attributes, email = known?.email ?? null, externalId, name, persona = known?.persona ?? null } = input;
    const row = {
      id: known?.id ?? newId(),
      externalId,
      name: name ?? known?.name ?? '',
      email: email === null ? null : normalEmail(email),
      persona,
      attributes: attributes ?? known?.attributes ?? {},
      role: 'end_user' as const,
    };
    const stored =
      known === null
        ? await this.principals.insert(tx, { ...row, kind: kindOf('end_user'), passwordHash: null })
        : await this.principals.updateEndUser(tx, row);
    if (!stored) return null;
    const user = await this.principals.findUser(tx, row.id);
    if (user === null) throw new Error('The end user that was just stored is gone');
    return { user, isAnother: known !== null && known.persona !== persona };
  }
}
