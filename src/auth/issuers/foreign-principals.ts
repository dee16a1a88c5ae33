import type { Principal } from '#platform/context';
import { isUuid, newId, type TenantTx, UnitOfWork } from '#platform/database';
import { UnauthorizedError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { Injectable } from '@nestjs/common';
import { KeyEndings } from '../api-keys/key-endings.js';
import { endedAt } from '../principals/ended-identities.js';
import { kindOf, type PrincipalRecord } from '../principals/principal.js';
import { PrincipalRepository } from '../principals/principal.repository.js';
import { SessionRevoked } from '../sessions/session.events.js';
import { SessionService } from '../sessions/session.service.js';
import { StaffQuota } from '../users/staff-quota.js';
import { isLastAdmin } from '../users/last-admin.js';
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
    private readonly keys: KeyEndings,
    private readonly quota: StaffQuota,
    private readonly unitOfWork: UnitOfWork,
    private readonly events: EventBus,
  ) {}

  /** @throws UnauthorizedError for somebody who is disabled, was signed out or deleted, or may not be what they are by this issuer */
  async admit(tenantId: string, issuer: TrustedIssuer, token: ForeignToken): Promise<Principal> {
    const admitted =
      (await this.attempt(tenantId, issuer, { token, holdsTenant: false })) ??
      (await this.attempt(tenantId, issuer, { token, holdsTenant: true }));
    if (admitted === null) throw new UnauthorizedError();
    for (const event of admitted.ended) await this.events.publish(event);
    return admitted.principal;
  }

  /** @returns null when the role turns out to change and the tenant, which is locked before its users, is not held for that */
  private async attempt(
    tenantId: string,
    issuer: TrustedIssuer,
    { token, holdsTenant }: { token: ForeignToken; holdsTenant: boolean },
  ): Promise<{ principal: Principal; ended: SessionRevoked[] } | null> {
    return this.unitOfWork.run({ tenantId }, async (tx) => {
      if (holdsTenant) await this.principals.lockTenant(tx);
      const known = (await this.find(tx, issuer, token)) ?? (await this.join(tx, issuer, token));
      const user = await this.bringUpToDate(tx, issuer, { known, token, holdsTenant });
      if (user === null) return null;
      const sessionId = await this.foreign.ensure(tx, { principalId: user.id, issuerId: issuer.id, ...token });
      if (sessionId === null) throw new UnauthorizedError('You were signed out: sign in again');
      const ended: SessionRevoked[] = [];
      if (isAnother(known, user)) ended.push(await this.sessions.endAll(tx, user.id, sessionId));
      if (known.role !== user.role) ended.push(...(await this.keys.ofOwner(tx, user.id)));
      return { principal: { id: user.id, role: user.role, persona: user.persona, sessionId }, ended };
    });
  }

  /**
   * What a token says holds from its issue on: one from before the newest that was seen, or before an admin's change, says
   * nothing. The last admin stays one.
   * @returns null when another role is to be stored and the tenant is not held
   */
  private async bringUpToDate(
    tx: TenantTx,
    issuer: TrustedIssuer,
    { known, token, holdsTenant }: { known: PrincipalRecord; token: ForeignToken; holdsTenant: boolean },
  ): Promise<PrincipalRecord | null> {
    assertLetIn(issuer, known);
    const first = saidBy(token, known);
    if (first === null) return known;
    if (first.role !== known.role && !holdsTenant) return null;
    const current = await this.principals.lockUser(tx, known.id);
    if (current === null) throw new UnauthorizedError();
    assertLetIn(issuer, current);
    const next = saidBy(token, current);
    if (next === null) return current;
    if (next.role !== current.role && !holdsTenant) return null;
    if (kindOf(current.role) !== 'staff') await this.quota.assertRoom(tx, next.role);
    const stays = next.role !== current.role && (await isLastAdmin(tx, this.principals, current));
    return this.principals.update(tx, current.id, { ...next, ...(stays ? { role: current.role } : {}) });
  }

  private async find(
    tx: TenantTx,
    issuer: TrustedIssuer,
    { issuedAt, person }: ForeignToken,
  ): Promise<PrincipalRecord | null> {
    const { externalId } = person;
    const byName = await this.principals.findByExternalId(tx, externalId);
    const byOurId = byName === null && issuer.knowsOurIds === true && isUuid(externalId);
    const known = byOurId ? await this.principals.findUser(tx, externalId) : byName;
    // Of somebody who is not there yet, or of another who was called so before: deleted people do not come back.
    if (known === null || known.createdAt.getTime() > issuedAt * 1000) {
      const ended = await endedAt(tx, byOurId ? [externalId, externalId.toLowerCase()] : [externalId]);
      if (ended !== null && issuedAt * 1000 <= ended.getTime()) throw new UnauthorizedError();
    }
    return known;
  }

  private async join(
    tx: TenantTx,
    issuer: TrustedIssuer,
    { issuedAt, person }: ForeignToken,
  ): Promise<PrincipalRecord> {
    const role = person.role ?? (issuer.roles.includes('end_user') ? 'end_user' : issuer.roles[0]);
    if (role === undefined) throw new UnauthorizedError();
    await this.quota.assertRoom(tx, role);
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
      claimsAsOf: new Date(issuedAt * 1000),
    });
    // Two first uses at once: the other one's row is as good.
    const made = await this.principals.findByExternalId(tx, person.externalId);
    if (made === null) throw new UnauthorizedError();
    return made;
  }
}

function assertLetIn(issuer: TrustedIssuer, { disabledAt, role }: PrincipalRecord): void {
  if (disabledAt !== null || !issuer.roles.includes(role)) throw new UnauthorizedError();
}

/** They are another role or persona than they were. */
function isAnother(one: PrincipalRecord, other: PrincipalRecord): boolean {
  return one.role !== other.role || one.persona !== other.persona;
}

/** What to store of a token; null when it is older than what is known, or says nothing that is not. */
function saidBy({ issuedAt, person }: ForeignToken, known: PrincipalRecord) {
  const claimsAsOf = new Date(issuedAt * 1000);
  if (claimsAsOf < known.claimsAsOf) return null;
  const next = {
    name: person.name ?? known.name,
    role: person.role ?? known.role,
    persona: person.persona === undefined ? known.persona : person.persona,
  };
  const isNews = next.name !== known.name || next.role !== known.role || next.persona !== known.persona;
  if (!isNews && claimsAsOf.getTime() === known.claimsAsOf.getTime()) return null;
  return { ...next, disabledAt: null, claimsAsOf };
}
