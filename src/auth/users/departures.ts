import { type TenantTx, UnitOfWork } from '#platform/database';
import { EventBus } from '#platform/events';
import { Injectable } from '@nestjs/common';
import { KeyEndings } from '../api-keys/key-endings.js';
import { PrincipalRepository } from '../principals/principal.repository.js';
import type { SessionRevoked } from '../sessions/session.events.js';
import { SessionService } from '../sessions/session.service.js';

/** What ends when somebody is disabled, deleted or given another role: sessions, keys' sockets, what keys minted, visits. */
@Injectable()
export class Departures {
  constructor(
    private readonly sessions: SessionService,
    private readonly keys: KeyEndings,
    private readonly principals: PrincipalRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly events: EventBus,
  ) {}

  /** Within the transaction that is the reason for it; publish what is returned after the commit. */
  async of(tx: TenantTx, principalId: string): Promise<SessionRevoked[]> {
    return [await this.sessions.endAll(tx, principalId), ...(await this.keys.ofOwner(tx, principalId))];
  }

  /** A platform admin's visits, in every tenant, with the keys that were made there. */
  async endVisits(platformAdminId: string): Promise<void> {
    await this.onVisits(platformAdminId, async (tx, visitorId) => {
      await this.principals.disable(tx, visitorId);
      return this.of(tx, visitorId);
    });
  }

  /** Of a platform admin who goes on, with another password perhaps: whoever had a session of theirs may be on a visit. */
  async signOutOfVisits(platformAdminId: string): Promise<void> {
    await this.onVisits(platformAdminId, async (tx, visitorId) => [await this.sessions.endAll(tx, visitorId)]);
  }

  private async onVisits(
    platformAdminId: string,
    end: (tx: TenantTx, visitorId: string) => Promise<SessionRevoked[]>,
  ): Promise<void> {
    const visitor = `platform:${platformAdminId}`;
    for (const tenantId of await this.principals.tenantsWith(visitor)) {
      const ended = await this.unitOfWork.run({ tenantId }, async (tx) => {
        const found = await this.principals.findByExternalId(tx, visitor);
        return found === null ? [] : end(tx, found.id);
      });
      await this.announce(ended);
    }
  }

  async announce(ended: readonly SessionRevoked[]): Promise<void> {
    for (const event of ended) await this.events.publish(event);
  }
}
