import { isUuid, newId, UnitOfWork } from '#platform/database';
import { SuspendedError, UnauthorizedError } from '#platform/errors';
import { AuditService, TenantService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { ImportedPasswords } from '../password/imported-passwords.js';
import { PasswordHasher } from '../password/password-hasher.js';
import { normalEmail } from '../principals/principal.js';
import { type LoginRow, PrincipalRepository } from '../principals/principal.repository.js';
import { SessionService } from '../sessions/session.service.js';
import { TokenService } from '../tokens/token.service.js';
import { LoginAttempts } from './login-attempts.js';
import type { SignedIn } from './signed-in.js';

export interface LoginInput {
  readonly tenant: string;
  readonly email: string;
  readonly password: string;
}

export interface LoginOrigin {
  readonly address: string;
  readonly userAgent?: string;
  readonly correlationId: string;
}

/** From a password or a refresh token to an access token. */
@Injectable()
export class LoginService {
  constructor(
    private readonly tenants: TenantService,
    private readonly principals: PrincipalRepository,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionService,
    private readonly tokens: TokenService,
    private readonly attempts: LoginAttempts,
    private readonly imported: ImportedPasswords,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * An unknown tenant, an unknown address and a wrong password take the same steps, the same time and the same answer.
   * @throws UnauthorizedError, RateLimitError, SuspendedError (only to those who know the password)
   */
  async login(input: LoginInput, origin: LoginOrigin): Promise<SignedIn> {
    const email = normalEmail(input.email);
    const tenantId = isUuid(input.tenant) ? input.tenant.toLowerCase() : await this.tenants.findIdBySlug(input.tenant);
    // One account however its tenant is spelt: slug, id, or id in capitals.
    const account = `${tenantId ?? input.tenant}/${email}`;
    await this.attempts.begin(origin.address, account);
    // A tenant that does not exist is asked all the same, so that the time tells nothing.
    const person = await this.principals.findForLogin({ tenantId: tenantId ?? newId() }, email);
    const right = await this.hasher.matches(person?.passwordHash ?? null, input.password);
    if (tenantId === null || person === null || !right)
      throw new UnauthorizedError('Tenant, email or password is wrong');
    await this.attempts.succeeded(origin.address, account);
    await this.imported.replace(tenantId, person, input.password);
    if (person.suspended) throw new SuspendedError();
    return this.open(tenantId, person, origin);
  }

  /** @throws UnauthorizedError, SuspendedError */
  async refresh(refreshToken: string): Promise<SignedIn> {
    const { session, refreshToken: next, tenantId } = await this.sessions.refresh(refreshToken);
    const person = { ...session, id: session.principalId };
    return this.answer(tenantId, person, { sessionId: session.id, refreshToken: next });
  }

  /** For somebody who has shown who they are. */
  async open(tenantId: string, person: LoginRow, origin: LoginOrigin): Promise<SignedIn> {
    const opened = await this.unitOfWork.run({ tenantId }, async (tx) => {
      const session = await this.sessions.open(tx, person.id, { userAgent: origin.userAgent });
      const actor = { correlationId: origin.correlationId, principal: { id: person.id, role: person.role } };
      await this.audit.record(tx, actor, {
        action: 'session.started',
        targetType: 'session',
        targetId: session.sessionId,
        address: origin.address,
      });
      return session;
    });
    return this.answer(tenantId, person, opened);
  }

  private answer(
    tenantId: string,
    person: Omit<LoginRow, 'passwordHash' | 'email' | 'suspended'> & { email: string | null },
    session: { sessionId: string; refreshToken: string },
  ): SignedIn {
    const { role, persona } = person;
    return {
      accessToken: this.tokens.issue({
        tenantId,
        principalId: person.id,
        role,
        persona,
        sessionId: session.sessionId,
      }),
      refreshToken: session.refreshToken,
      user: { id: person.id, email: person.email, name: person.name, role, persona },
      tenant: { id: tenantId, slug: person.slug },
    };
  }
}
