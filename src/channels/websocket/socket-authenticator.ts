import { Injectable } from '@nestjs/common';
import { AccessTokenVerifier, BypassIdentity, SessionService, type VerifiedToken } from '#auth';
import { AppConfig } from '#platform/config';
import { ForbiddenError, NotFoundError } from '#platform/errors';
import { isAllowed, isLoopbackHost, isOperatorOrigin } from '#platform/http';
import { TenantSettingsCache } from '#tenants';
import type { Handshake } from './handshake.js';
import type { SocketIdentity } from './socket-identity.js';

/** Says who a socket's token belongs to, by the same verifier and the same session check as HTTP. */
@Injectable()
export class SocketAuthenticator {
  constructor(
    private readonly config: AppConfig,
    private readonly verifier: AccessTokenVerifier,
    private readonly sessions: SessionService,
    private readonly bypass: BypassIdentity,
    private readonly settings: TenantSettingsCache,
  ) {}

  /**
   * @throws UnauthorizedError, TokenExpiredError; ForbiddenError for a page that is not this tenant's; NotFoundError when the
   *   address names another user
   */
  async verify(token: string, handshake: Handshake, connectionId: string): Promise<SocketIdentity> {
    return this.admit(await this.verifier.verify(token, connectionId), handshake);
  }

  /** AUTH_BYPASS: the demo admin for a page or program on this machine; null when it is off or the caller is another. */
  async byBypass(handshake: Handshake, connectionId: string): Promise<SocketIdentity | null> {
    const { host, origin } = handshake;
    if (!this.bypassEnabled || !isLoopbackHost(host)) return null;
    if (origin !== undefined && !isOperatorOrigin(this.config, origin, host)) return null;
    const verified = await this.bypass.signIn(connectionId, handshake.userId);
    return verified && this.admit(verified, handshake);
  }

  get bypassEnabled(): boolean {
    return this.config.env.AUTH_BYPASS;
  }

  /** Asked before each frame that does something. @throws UnauthorizedError */
  async assertAlive(identity: SocketIdentity): Promise<void> {
    await this.sessions.assertAlive(identity.ctx);
  }

  private async admit(verified: VerifiedToken, handshake: Handshake): Promise<SocketIdentity> {
    const { ctx, expiresAt } = verified;
    const { externalId, tenant, user } = await this.sessions.assertAlive(ctx);
    const { userId } = handshake;
    if (userId !== null && userId.toLowerCase() !== user.id && userId !== externalId) throw new NotFoundError();
    if (!(await this.isOwnOrigin(verified, handshake))) {
      throw new ForbiddenError('Pages of this site may not connect here: ask the administrator to list its origin');
    }
    if (!isAllowed(ctx.principal, 'chat')) throw new ForbiddenError();
    return { ctx, user: { id: user.id }, tenant, expiresAt };
  }

  private async isOwnOrigin({ ctx }: VerifiedToken, { origin, host }: Handshake): Promise<boolean> {
    if (origin === undefined || isOperatorOrigin(this.config, origin, host)) return true;
    return (await this.settings.get(ctx)).allowedOrigins.includes(origin);
  }
}
