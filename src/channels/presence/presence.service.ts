import { Injectable } from '@nestjs/common';
import { PrincipalService } from '#auth';
import { AppConfig } from '#platform/config';
import type { RequestContext } from '#platform/context';
import { seesAsStaff } from '#platform/http';
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
    private readonly principals: PrincipalService,
    private readonly config: AppConfig,
  ) {}

  /**
   * How many sockets a user has open.
   * @param named by id or external id
   * @throws NotFoundError for anybody but oneself, unless staff asks about a user of its tenant
   */
  async connectionsOf(ctx: RequestContext, named: string): Promise<{ userId: string; connections: number }> {
    const userId = await this.idOf(ctx, named);
    const mayAsk = userId === ctx.principal.id || seesAsStaff(ctx.principal, 'conversations.read_all');
    if (userId === null || !mayAsk) throw new NotFoundError();
    const here = this.registry.countOf(ctx.tenantId, userId);
    return { userId, connections: here + (await this.elsewhere.count(ctx.tenantId, userId)) };
  }

  /** With AUTH_BYPASS whoever is named is there, as on the socket. */
  private async idOf(ctx: RequestContext, named: string): Promise<string | null> {
    const known = await this.users.findId(ctx, named);
    if (known !== null || !this.config.env.AUTH_BYPASS || !seesAsStaff(ctx.principal, 'conversations.read_all'))
      return known;
    return (await this.principals.ensureNamed(ctx, named)).id;
  }
}
