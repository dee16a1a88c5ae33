import { Injectable } from '@nestjs/common';
import { isStaff, type RequestContext } from '#platform/context';
import { NotFoundError } from '#platform/errors';
import { ConnectionRegistry } from '../websocket/connection-registry.js';
import { PeerConnections } from './peer-connections.js';
import { PresenceRepository } from './presence.repository.js';

/** Who has a socket open, on whichever instance. */
@Injectable()
export class PresenceService {
  constructor(
    private readonly registry: ConnectionRegistry,
    private readonly elsewhere: PeerConnections,
    private readonly users: PresenceRepository,
  ) {}

  /**
   * How many sockets a user has open.
   * @throws NotFoundError for anybody but oneself, unless staff asks about a user of its tenant
   */
  async connectionsOf(ctx: RequestContext, userId: string): Promise<number> {
    const isOwn = userId === ctx.principal.id;
    if (!isOwn && !(isStaff(ctx.principal) && (await this.users.isUser(ctx, userId)))) throw new NotFoundError();
    return this.registry.countOf(ctx.tenantId, userId) + (await this.elsewhere.count(ctx.tenantId, userId));
  }
}
