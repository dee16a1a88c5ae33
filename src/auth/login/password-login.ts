import { isUuid, newId } from '#platform/database';
import { type CallingPage, TenantOrigins, TenantService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { ImportedPasswords } from '../password/imported-passwords.js';
import { PasswordHasher } from '../password/password-hasher.js';
import { normalEmail } from '../principals/principal.js';
import { type LoginRow, PrincipalRepository } from '../principals/principal.repository.js';
import { LoginAttempts } from './login-attempts.js';
import { WrongPasswordError } from './login.errors.js';

export interface LoginInput {
  readonly tenant: string;
  readonly email: string;
  readonly password: string;
}

/** Who has this password, as far as the calling address and page may ask. */
@Injectable()
export class PasswordLogin {
  constructor(
    private readonly tenants: TenantService,
    private readonly principals: PrincipalRepository,
    private readonly hasher: PasswordHasher,
    private readonly attempts: LoginAttempts,
    private readonly origins: TenantOrigins,
    private readonly imported: ImportedPasswords,
  ) {}

  /**
   * An unknown tenant, an unknown address and a wrong password take the same steps, the same time and the same answer.
   * @throws WrongPasswordError, RateLimitError; ForeignPageError for another tenant's page (only to those who know the password)
   */
  async verify(
    input: LoginInput,
    from: { readonly address: string; readonly page: CallingPage },
  ): Promise<{ tenantId: string; person: LoginRow }> {
    const email = normalEmail(input.email);
    const tenantId = isUuid(input.tenant) ? input.tenant.toLowerCase() : await this.tenants.findIdBySlug(input.tenant);
    // One account however its tenant is spelt: slug, id, or id in capitals.
    const account = `${tenantId ?? input.tenant}/${email}`;
    const found: { person: LoginRow | null } = { person: null };
    const right = await this.attempts.signIn(from.address, account, async () => {
      // A tenant that does not exist is asked all the same, so that the time tells nothing.
      found.person = await this.principals.findForLogin({ tenantId: tenantId ?? newId() }, email);
      return (await this.hasher.matches(found.person?.passwordHash ?? null, input.password)) && tenantId !== null;
    });
    const { person } = found;
    if (tenantId === null || person === null || !right) {
      throw new WrongPasswordError();
    }
    await this.origins.assertServed({ tenantId }, from.page);
    return { tenantId, person: await this.imported.replace(tenantId, person, input.password) };
  }
}
