import type { TenantTx } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { SessionRevoked } from '../sessions/session.events.js';
import { SessionService } from '../sessions/session.service.js';
import { ApiKeyRepository } from './api-key.repository.js';

/**
 * What ends together with a key: sockets that were opened with it, and the tokens that it minted. Within the transaction
 * that is the reason for it; publish what is returned after the commit.
 */
@Injectable()
export class KeyEndings {
  constructor(
    private readonly keys: ApiKeyRepository,
    private readonly sessions: SessionService,
  ) {}

  /** Of keys that end, or may less from now on. */
  async of(tx: TenantTx, keyIds: readonly string[]): Promise<SessionRevoked[]> {
    if (keyIds.length === 0) return [];
    const sockets = keyIds.map((id) => new SessionRevoked(tx.tenantId, id, null));
    return [...sockets, ...(await this.sessions.endMintedBy(tx, keyIds))];
  }

  /** Of every key that belongs to somebody who leaves or is given another role. */
  async ofOwner(tx: TenantTx, principalId: string): Promise<SessionRevoked[]> {
    return this.of(tx, await this.keys.idsOwnedBy(tx, principalId));
  }
}
