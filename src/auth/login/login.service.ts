import { UnitOfWork } from '#platform/database';
import { SuspendedError } from '#platform/errors';
import { AuditService, type CallingPage } from '#tenants';
import { Injectable } from '@nestjs/common';
import { type LoginRow, PrincipalRepository } from '../principals/principal.repository.js';
import { SessionService } from '../sessions/session.service.js';
import { TokenService } from '../tokens/token.service.js';
import { WrongPasswordError } from './login.errors.js';
import { type LoginInput, PasswordLogin } from './password-login.js';
import type { SignedIn } from './signed-in.js';

export interface LoginOrigin {
  readonly address: string;
  readonly page: CallingPage;
  readonly userAgent?: string;
  readonly correlationId: string;
}

/** From a password or a refresh token to an access token. */
@Injectable()
export class LoginService {
  constructor(
    private readonly passwords: PasswordLogin,
    private readonly sessions: SessionService,
    private readonly tokens: TokenService,
    private readonly principals: PrincipalRepository,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** @throws what `PasswordLogin.verify` throws; SuspendedError (only to those who know the password) */
  async login(input: LoginInput, origin: LoginOrigin): Promise<SignedIn> {
    const { person, tenantId } = await this.passwords.verify(input, origin);
    if (person.suspended) throw new SuspendedError();
    return this.open(tenantId, person, origin);
  }

  /** @throws UnauthorizedError, SuspendedError; ForeignPageError for another tenant's page */
  async refresh(refreshToken: string, page: CallingPage): Promise<SignedIn> {
    const { session, refreshToken: next, tenantId } = await this.sessions.refresh(refreshToken, page);
    const person = { ...session, id: session.principalId };
    return this.answer(tenantId, person, { sessionId: session.id, refreshToken: next });
  }

  /**
   * For somebody who has shown who they are.
   * @throws WrongPasswordError when the password was replaced since: its sessions have ended, and this would be one of them
   */
  async open(tenantId: string, person: LoginRow, origin: LoginOrigin): Promise<SignedIn> {
    const { passwordHash } = person;
    const opened = await this.unitOfWork.run({ tenantId }, async (tx) => {
      if (passwordHash === null || !(await this.principals.hasPasswordHash(tx, person.id, passwordHash))) {
        throw new WrongPasswordError();
      }
      const session = await this.sessions.open(tx, person.id, { userAgent: origin.userAgent });
      const actor = { correlationId: origin.correlationId, principal: { id: person.id, role: person.role } };
      await this.audit.record(tx, actor, {
        action: 'session.start',
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
