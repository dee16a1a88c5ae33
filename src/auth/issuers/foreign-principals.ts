import type { Principal } from '#platform/context';
import { isUuid, newId, type TenantTx, UnitOfWork } from '#platform/database';
import { UnauthorizedError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { Injectable } from '@nestjs/common';
import { kindOf, type PrincipalRecord } from '../principals/principal.js';
import { PrincipalRepository } from '../principals/principal.repository.js';
import { SessionRevoked } from '../sessions/session.events.js';
import { SessionService } from '../sessions/session.service.js';
import type { ForeignPerson } from './issuer-claims.js';
import { ForeignSessionRepository } from './foreign-session.repository.js';
import type { TrustedIssuer } from './trusted-issuer.js';

/** Of a token that is genuine. */
export interface ForeignToken {
  readonly person: ForeignPerson;
  /** Seconds since 1970; 0 when it does not say. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/**
 * The principal behind another issuer's token: made on first use, by external id, and brought up to date by what the tokens
 * say. What they open is a session of ours, so that it is listed and can be ended: tokens from before its end open nothing.
 */
@Injectable()
export class ForeignPrincipals {
  constructor(
    private readonly principals: PrincipalRepository,
    private readonly sessions: SessionService,
    private readonly foreign: ForeignSessionRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly events: EventBus,
  ) {}

  /** @throws UnauthorizedError for somebody who is disabled, was signed out, or may not be what they are by this issuer */
  async admit(tenantId: string, issuer: TrustedIssuer, token: ForeignToken): Promise<Principal> {
    const ended: SessionRevoked[] = [];
    const principal = await this.unitOfWork.run({ tenantId }, async (tx) => {
      const { changed, user } = await this.ensure(tx, issuer, token.person);
      const sessionId = await this.foreign.ensure(tx, { principalId: user.id, issuerId: issuer.id, ...token });
      if (sessionId === null) throw new UnauthorizedError('You were signed out: sign in again');
      if (changed) ended.push(await this.sessions.endAll(tx, user.id, sessionId));
      return { id: user.id, role: user.role, persona: user.persona, sessionId };
    });
    for (const event of ended) await this.events.publish(event);
    return principal;
  }

  /** `changed`: they are another role or persona than they were. */
  private async ensure(
    tx: TenantTx,
    issuer: TrustedIssuer,
    person: ForeignPerson,
  ): Promise<{ user: PrincipalRecord; changed: boolean }> {
    const known = await this.find(tx, issuer, person.externalId);
    if (known === null) return { user: await this.join(tx, issuer, person), changed: false };
    const next = {
      name: person.name ?? known.name,
      role: person.role ?? known.role,
      persona: person.persona === undefined ? known.persona : person.persona,
    };
    if (known.disabledAt !== null || !issuer.roles.includes(known.role)) throw new UnauthorizedError();
    const changed = next.role !== known.role || next.persona !== known.persona;
    if (changed || next.name !== known.name) {
      return { user: await this.principals.update(tx, known.id, { ...next, disabledAt: null }), changed };
    }
    return { user: known, changed };
  }

  private async find(tx: TenantTx, issuer: TrustedIssuer, externalId: string): Promise<PrincipalRecord | null> {
    const known = await this.principals.findByExternalId(tx, externalId);
    if (known !== null || issuer.knowsOurIds !== true || !isUuid(externalId)) return known;
    return this.principals.findUser(tx, externalId);
  }

  private async join(tx: TenantTx, issuer: TrustedIssuer, person: ForeignPerson): Promise<PrincipalRecord> {
    const role = person.role ?? (issuer.roles.includes('end_user') ? 'end_user' : issuer.roles[0]);
    if (role === undefined) throw new UnauthorizedError();
    // An address that is somebody else's is left out: nobody becomes another by having the same one elsewhere.
    const taken = person.email !== null && (await this.principals.findByEmail(tx, person.email)) !== null;
    await this.principals.insert(tx, {
      id: newId(),
      kind: kindOf(role),
      email: taken ? null : person.email,
      externalId: person.externalId,
      name: person.name ?? '',
      role,
      persona: person.persona ?? null,
      passwordHash: null,
      attributes: {},
    });
    // Two first uses at once: the other one's row is as good.
    const made = await this.principals.findByExternalId(tx, person.externalId);
    if (made === null || made.disabledAt !== null || !issuer.roles.includes(made.role)) throw new UnauthorizedError();
    return made;
  }
}
