import { setTimeout as sleep } from 'node:timers/promises';
import { AppConfig } from '#platform/config';
import { UnauthorizedError } from '#platform/errors';
import {
  ACCESS,
  type Access,
  type HttpRequest,
  type Identity,
  isCallFromThisMachine,
  isLoopbackHost,
  isOperatorOrigin,
  limitedAddress,
  mayReadFigures,
} from '#platform/http';
import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { isApiKey } from '../api-keys/api-key.js';
import { BypassIdentity } from '../bypass/bypass-identity.js';
import { SessionService } from '../sessions/session.service.js';
import { AccessTokenVerifier, refusal } from '../tokens/access-token.verifier.js';
import { BadCredentials } from './bad-credentials.js';
import { bearerToken } from './bearer-token.js';

/** Whoever asks for health is not kept waiting by a database that does not answer. */
const RECOGNISED_WITHIN_MS = 1500;

/**
 * Deny by default: every route that is not `@Public()` needs a caller. Global guards also meet sockets, which verify for
 * themselves.
 */
@Injectable()
export class AuthenticationGuard extends AuthGuard('jwt') {
  constructor(
    private readonly reflector: Reflector,
    private readonly config: AppConfig,
    private readonly verifier: AccessTokenVerifier,
    private readonly sessions: SessionService,
    private readonly bypass: BypassIdentity,
    private readonly bad: BadCredentials,
  ) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access?.kind === 'public') return true;
    const request = context.switchToHttp().getRequest<HttpRequest>();
    if (access?.kind === 'operator') {
      request.operator = !this.config.production || isCallFromThisMachine(request);
      if (request.operator) return true;
      if (access.others === 'admitted') return this.admit(context, request);
    }
    return this.authenticated(context, request);
  }

  private async authenticated(context: ExecutionContext, request: HttpRequest): Promise<boolean> {
    if (request.headers.authorization === undefined) return this.authenticate(context, request);
    return this.bad.judged(limitedAddress(request.ip), () => this.authenticate(context, request));
  }

  /** Staff is recognised, everybody else passes as nobody: also while the database cannot say who calls. */
  private async admit(context: ExecutionContext, request: HttpRequest): Promise<true> {
    if (request.headers.authorization === undefined) return true;
    const limit = new AbortController();
    const recognised = this.authenticated(context, request).then(
      () => request.user !== undefined && mayReadFigures(request.user.ctx.principal),
      () => false,
    );
    const late = sleep(RECOGNISED_WITHIN_MS, false, { signal: limit.signal }).catch(() => false);
    request.operator = await Promise.race([recognised, late]);
    limit.abort();
    return true;
  }

  /** What passport reports, in our words. */
  override handleRequest<T>(error: unknown, user: T | false, info: unknown): T {
    if (error !== null && error !== undefined) throw refusal(error);
    if (user) return user;
    throw info instanceof Error && info.message !== 'No auth token' ? refusal(info) : new UnauthorizedError();
  }

  private async authenticate(context: ExecutionContext, request: HttpRequest): Promise<boolean> {
    const token = bearerToken(request.headers);
    if (token === null && request.headers.authorization === undefined) {
      const signedIn = await this.byBypass(request);
      if (signedIn !== null) return accept(request, signedIn);
    }
    if (token !== null && (isApiKey(token) || this.verifier.isForeign(token))) {
      const { ctx, expiresAt } = await this.verifier.verify(token, request.correlationId);
      return accept(request, { ...(await this.sessions.assertAlive(ctx)), expiresAt });
    }
    return (await super.canActivate(context)) === true;
  }

  /** A page of another site, or of a name that was rebound to this machine, is not the developer. */
  private async byBypass(request: HttpRequest): Promise<Identity | null> {
    if (!this.config.env.AUTH_BYPASS) return null;
    const { host, origin } = request.headers;
    if (!isLoopbackHost(host) || (origin !== undefined && !isOperatorOrigin(this.config, origin, host))) return null;
    const verified = await this.bypass.signIn(request.correlationId);
    return verified && { ...(await this.sessions.assertAlive(verified.ctx)), expiresAt: null };
  }
}

function accept(request: HttpRequest, identity: Identity): true {
  request.user = identity;
  return true;
}
