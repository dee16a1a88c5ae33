import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { AppConfig } from '#platform/config';
import { newId } from '#platform/database';
import {
  DomainError,
  ForbiddenError,
  NotFoundError,
  RateLimitError,
  UnauthorizedError,
  UnavailableError,
} from '#platform/errors';
import { isOperatorOrigin, limitedAddress, type TrustProxy } from '#platform/http';
import { OriginDirectory } from '#tenants';
import { ChannelsState } from '../channels-state.js';
import { clientAddress } from './client-address.js';
import { ConnectionRegistry } from './connection-registry.js';
import { type Handshake, readHandshake } from './handshake.js';
import { SocketAuthenticator } from './socket-authenticator.js';
import type { SocketIdentity } from './socket-identity.js';

/** Decides before the handshake whether a socket may open at all, so that a refusal is an HTTP answer. */
@Injectable()
export class UpgradeGate {
  constructor(
    private readonly config: AppConfig,
    private readonly state: ChannelsState,
    private readonly registry: ConnectionRegistry,
    private readonly origins: OriginDirectory,
    private readonly authenticator: SocketAuthenticator,
  ) {}

  /**
   * @returns when the socket may open; its place among those of its address is given back when the connection ends
   * @throws DomainError with what to answer
   */
  async admit(request: IncomingMessage, trust: TrustProxy): Promise<void> {
    const handshake = readHandshake(request);
    if (handshake === null) throw new NotFoundError();
    if (this.state.draining) throw new UnavailableError('The server is restarting: try again', { code: 'DRAINING' });
    const address = limitedAddress(clientAddress(request, trust));
    await this.occupyPlace(request, handshake, address);
    await this.checkOrigin(handshake);
    if (handshake.userId !== null) await this.checkUser(handshake, address);
  }

  /** Where those who are unknown have taken their places, a good token still opens the others. */
  private async occupyPlace(request: IncomingMessage, handshake: Handshake, address: string): Promise<void> {
    if (this.registry.occupy(request.socket, address, false)) return;
    const { credential } = handshake;
    if (credential.kind === 'token') {
      const { token } = credential;
      const identity = await this.identityOf(token, handshake, address);
      if (identity !== null && this.registry.occupy(request.socket, address, true)) {
        const place = this.registry.placeOf(request.socket);
        if (place !== undefined) place.verified = { token, identity };
        return;
      }
    }
    throw new RateLimitError('Too many connections from your address are open: close one', 10_000);
  }

  /** @returns null for a token that is no good, or not here */
  private async identityOf(token: string, handshake: Handshake, address: string): Promise<SocketIdentity | null> {
    try {
      return await this.authenticator.verify(token, handshake, { connectionId: newId(), address });
    } catch (error) {
      if (error instanceof DomainError && error.kind !== 'unavailable') return null;
      throw error;
    }
  }

  /** Which tenant a socket belongs to is not known yet: any tenant's page may open one, its own is asked for later. */
  private async checkOrigin({ origin, host }: Handshake): Promise<void> {
    if (origin === undefined || isOperatorOrigin(this.config, origin, host)) return;
    if (!(await this.origins.isKnown(origin))) throw new ForbiddenError('Pages of this site may not connect here');
  }

  /** `/ws/{user_id}` of another user does not exist. A token that is no good is answered on the socket, as everywhere. */
  private async checkUser(handshake: Handshake, address: string): Promise<void> {
    const { credential } = handshake;
    if (credential.kind !== 'token') return;
    try {
      await this.authenticator.verify(credential.token, handshake, { connectionId: newId(), address });
    } catch (error) {
      if (error instanceof NotFoundError) throw error;
      const answeredLater = error instanceof UnauthorizedError || (error instanceof DomainError && isCallers(error));
      if (!answeredLater) throw error;
    }
  }
}

function isCallers({ kind }: DomainError): boolean {
  return kind === 'unauthorized' || kind === 'forbidden';
}
