import type { RequestContext } from '#platform/context';
import { newId, type TenantTx, UnitOfWork } from '#platform/database';
import { SuspendedError, UnauthorizedError } from '#platform/errors';
import { EventBus } from '#platform/events';
import type { Identity } from '#platform/http';
import { AuditService, type CallingPage, Features, TenantOrigins } from '#tenants';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { RefreshTokens } from './refresh-token.js';
import { type RefreshableSession, SessionRepository } from './session.repository.js';
import { SessionRevoked } from './session.events.js';

const SESSION_SECONDS = 30 * 24 * 3600;
const GRACE_SECONDS = 10;

const REVOKED = z
  .object({
    tenantId: z.guid(),
    principalId: z.guid(),
    sessionId: z.guid().nullable(),
    exceptSessionId: z.guid().nullable(),
  })
  .transform((fields) => {
    return new SessionRevoked(fields.tenantId, fields.principalId, fields.sessionId, fields.exceptSessionId);
  });

export interface OpenedSession {
  readonly sessionId: string;
  readonly refreshToken: string;
}

export interface AliveIdentity extends Omit<Identity, 'expiresAt'> {
  /** What the tenant's own server, or its issuer, knows the person by. */
  readonly externalId: string | null;
}

/** Sessions from login to their end. A session is the family of refresh tokens that followed each other. */
@Injectable()
export class SessionService {
  constructor(
    private readonly sessions: SessionRepository,
    private readonly tokens: RefreshTokens,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly events: EventBus,
    private readonly origins: TenantOrigins,
    private readonly features: Features,
  ) {
    events.share(SessionRevoked, { name: 'session.revoked', schema: REVOKED });
  }

  /**
   * Asked on each HTTP request and each frame of a socket: the session is neither revoked nor over, the person neither
   * disabled nor given another role or persona, the tenant not suspended, and what let them in still the tenant's to use.
   * Not inside a unit of work: it may read the tenant's settings.
   * @throws UnauthorizedError, SuspendedError, FeatureNotEnabledError
   */
  async assertAlive(ctx: RequestContext): Promise<AliveIdentity> {
    const { principal } = ctx;
    const row = await this.sessions.findAlive(ctx);
    if (row?.suspended === true) throw new SuspendedError();
    if (row === null || !row.alive || row.role !== principal.role || row.persona !== principal.persona) {
      throw new UnauthorizedError('Your session has ended: sign in again');
    }
    if (row.cameBy !== null) await this.features.assertEnabled(ctx, row.cameBy);
    return {
      ctx,
      user: { id: principal.id, email: row.email, name: row.name },
      tenant: { id: ctx.tenantId, slug: row.slug },
      externalId: row.externalId,
      pages: row.pages,
    };
  }

  /**
   * @param options `seconds`: how long it may be refreshed; `apiKeyId`, `widgetId`: what vouched, with which it ends
   */
  async open(
    tx: TenantTx,
    principalId: string,
    options: { userAgent?: string; seconds?: number; apiKeyId?: string; widgetId?: string } = {},
  ): Promise<OpenedSession> {
    const sessionId = newId();
    const token = this.tokens.first(tx.tenantId, sessionId);
    await this.sessions.insert(tx, {
      id: sessionId,
      principalId,
      refreshHash: token.hash,
      userAgent: options.userAgent?.slice(0, 300) ?? null,
      apiKeyId: options.apiKeyId ?? null,
      widgetId: options.widgetId ?? null,
      seconds: options.seconds ?? SESSION_SECONDS,
    });
    return { sessionId, refreshToken: token.text };
  }

  /**
   * Replaces a refresh token. The one just replaced gives the same successor for ten seconds (an answer can be lost); any
   * older one was copied, and ends the session.
   * @throws UnauthorizedError, SuspendedError; ForeignPageError for another tenant's page, before anything is replaced
   */
  async refresh(
    text: string,
    page: CallingPage = {},
  ): Promise<{ session: RefreshableSession; refreshToken: string; tenantId: string }> {
    const token = this.tokens.parse(text);
    if (token === null) throw new UnauthorizedError(SIGN_IN_AGAIN);
    const scope = { tenantId: token.tenantId };
    await this.origins.assertServed(scope, page);
    const outcome = await this.unitOfWork.run(scope, async (tx) => {
      const session = await this.sessions.lockForRefresh(tx, token.sessionId, token.hash, GRACE_SECONDS);
      if (session === null) return null;
      if (session.suspended) throw new SuspendedError();
      const next = this.tokens.successor(token);
      if (session.isCurrent) {
        await this.sessions.rotate(tx, session.id, next.hash, SESSION_SECONDS);
        return { session, refreshToken: next.text };
      }
      if (session.isPrevious && session.withinGrace) return { session, refreshToken: next.text };
      await this.sessions.revoke(tx, session.id);
      const actor = { principal: { id: session.principalId, role: session.role } };
      await this.audit.record(tx, actor, {
        action: 'session.detect_reuse',
        targetType: 'session',
        targetId: session.id,
      });
      return { session, refreshToken: null };
    });
    if (outcome === null) throw new UnauthorizedError(SIGN_IN_AGAIN);
    if (outcome.refreshToken === null) {
      await this.events.publish(new SessionRevoked(token.tenantId, outcome.session.principalId, token.sessionId));
      throw new UnauthorizedError(SIGN_IN_AGAIN);
    }
    return { session: outcome.session, refreshToken: outcome.refreshToken, tenantId: token.tenantId };
  }

  /** Ends the caller's own session. */
  async end(ctx: RequestContext): Promise<void> {
    const { sessionId, id } = ctx.principal;
    if (sessionId === null) return;
    const ended = await this.unitOfWork.run(ctx, async (tx) => {
      const revoked = await this.sessions.revoke(tx, sessionId);
      if (revoked) {
        await this.audit.record(tx, ctx, { action: 'session.end', targetType: 'session', targetId: sessionId });
      }
      return revoked;
    });
    if (ended) await this.events.publish(new SessionRevoked(ctx.tenantId, id, sessionId));
  }

  /**
   * Ends a principal's sessions within the transaction that is the reason for it. Publish what it returns after the commit.
   */
  async endAll(tx: TenantTx, principalId: string, except: string | null = null): Promise<SessionRevoked> {
    await this.sessions.revokeAll(tx, principalId, except);
    return new SessionRevoked(tx.tenantId, principalId, null, except);
  }

  /** Ends the sessions that API keys vouched for, as `endAll` does. */
  async endMintedBy(tx: TenantTx, keyIds: readonly string[]): Promise<SessionRevoked[]> {
    const ended = await this.sessions.revokeMintedBy(tx, keyIds);
    return ended.map(({ id, principalId }) => new SessionRevoked(tx.tenantId, principalId, id));
  }

  /** Ends the sessions that a widget opened, as `endAll` does. */
  async endOpenedBy(tx: TenantTx, widgetId: string): Promise<SessionRevoked[]> {
    const ended = await this.sessions.revokeOpenedBy(tx, widgetId);
    return ended.map(({ id, principalId }) => new SessionRevoked(tx.tenantId, principalId, id));
  }
}

const SIGN_IN_AGAIN = 'The refresh token is not valid any more: sign in again';
