import { Injectable } from '@nestjs/common';
import { AccessTokenVerifier, BadCredentials, BypassIdentity, SessionService, type VerifiedToken } from '#auth';
import { AppConfig } from '#platform/config';
import { ForbiddenError, NotFoundError } from '#platform/errors';
import { isAllowed, isLoopbackHost, isOperatorOrigin } from '#platform/http';
import { TenantOrigins } from '#tenants';
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
    private readonly origins: TenantOrigins,
    private readonly bad: BadCredentials,
  ) {}

  /**
   * @throws UnauthorizedError, TokenExpiredError; ForbiddenError for a page that is not this tenant's; NotFoundError when the
   *   address names another user
   */
  verify(
    token: string,
    handshake: Handshake,
    { address, connectionId }: { readonly connectionId: string; readonly address: string },
  ): Promise<SocketIdentity> {
    return this.bad.judged(
      address,
      async () => this.admit(await this.verifier.verify(token, connectionId), handshake),
      // A socket is closed in any case, and always for the same reason.
      'as it is',
    );
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
    const { externalId, pages, tenant, user } = await this.sessions.assertAlive(ctx);
    const { userId } = handshake;
    if (userId !== null && userId.toLowerCase() !== user.id && userId !== externalId) throw new NotFoundError();
    await this.origins.assertServed(ctx, handshake, pages);
    if (!isAllowed(ctx.principal, 'chat')) throw new ForbiddenError();
    return { ctx, user: { id: user.id }, tenant, expiresAt };
  }
}
