import type { WidgetVisit } from '#platform/context';
import { newId, type TenantTx } from '#platform/database';
import { ForbiddenError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { Injectable } from '@nestjs/common';
import { EndUserAccounts, type EndUserInput } from '../end-users/end-user-accounts.js';
import type { PrincipalRecord } from '../principals/principal.js';
import { PrincipalRepository } from '../principals/principal.repository.js';
import type { SessionRevoked } from '../sessions/session.events.js';
import { SessionService } from '../sessions/session.service.js';
import { ACCESS_TOKEN_SECONDS } from '../tokens/token-claims.js';
import { TokenService } from '../tokens/token.service.js';

export interface WidgetToken {
  readonly accessToken: string;
  /** How long it is good for. */
  readonly seconds: number;
}

/**
 * Whom a website's widget lets in: anonymous visitors, and people whom the site's server vouches for. Who may ask, and how a
 * visitor is known again, is the widget's business; here are their principals, and the sessions that end with the widget.
 */
@Injectable()
export class WidgetAccess {
  constructor(
    private readonly principals: PrincipalRepository,
    private readonly endUsers: EndUserAccounts,
    private readonly sessions: SessionService,
    private readonly tokens: TokenService,
    private readonly events: EventBus,
  ) {}

  async newVisitor(tx: TenantTx): Promise<PrincipalRecord> {
    const id = newId();
    const nobody = { email: null, externalId: null, name: '', persona: null, passwordHash: null, attributes: {} };
    await this.principals.insert(tx, { ...nobody, id, kind: 'visitor', role: 'visitor' });
    return this.visitor(tx, id);
  }

  /** @throws ForbiddenError for somebody whom staff has blocked */
  async visitor(tx: TenantTx, id: string): Promise<PrincipalRecord> {
    const visitor = await this.principals.findUser(tx, id);
    if (visitor === null || visitor.role !== 'visitor' || visitor.disabledAt !== null) {
      throw new ForbiddenError('You may not write here any more');
    }
    return visitor;
  }

  /**
   * The person whom the site's server named. An address that is somebody else's is left out: nobody becomes another by having
   * the same one.
   * @throws ForbiddenError for somebody whom staff has blocked, or who is no end user
   */
  async person(tx: TenantTx, input: EndUserInput): Promise<PrincipalRecord> {
    const account =
      (await this.endUsers.ensure(tx, input)) ?? (await this.endUsers.ensure(tx, { ...input, email: null }));
    if (account === null) throw new Error('An end user without an address cannot be stored');
    return account.user;
  }

  /** A session of the widget, and the token that it opens. It is not refreshed: the widget asks again. */
  async open(tx: TenantTx, user: PrincipalRecord, widget: WidgetVisit): Promise<WidgetToken> {
    const seconds = ACCESS_TOKEN_SECONDS;
    const { sessionId } = await this.sessions.open(tx, user.id, { widgetId: widget.id, seconds: seconds + 60 });
    const { id: principalId, persona, role } = user;
    const subject = { tenantId: tx.tenantId, principalId, role, persona, sessionId, widget };
    return { accessToken: this.tokens.issue(subject, seconds), seconds };
  }

  /** Ends all that somebody has open, in the transaction that is the reason. Announce it after the commit. */
  endOf(tx: TenantTx, principalId: string): Promise<SessionRevoked> {
    return this.sessions.endAll(tx, principalId);
  }

  /** Ends all that a widget has open, as `endOf`. */
  endOpenedBy(tx: TenantTx, widgetId: string): Promise<SessionRevoked[]> {
    return this.sessions.endOpenedBy(tx, widgetId);
  }

  async announce(ended: readonly SessionRevoked[]): Promise<void> {
    for (const event of ended) await this.events.publish(event);
  }
}
