import type { HttpRequest, Identity } from '#platform/http';
import { UnauthorizedError } from '#platform/errors';
import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-jwt';
import { SessionService } from '../sessions/session.service.js';
import { AccessTokenVerifier } from '../tokens/access-token.verifier.js';
import { TokenKeys } from '../tokens/token-keys.js';
import { bearerToken } from './bearer-token.js';

/**
 * The one passport strategy. Passport-jwt checks the signature with the same keys and rules as `AccessTokenVerifier.verify`;
 * the claims and the session are judged by the same code as a socket's.
 */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(
    keys: TokenKeys,
    private readonly verifier: AccessTokenVerifier,
    private readonly sessions: SessionService,
  ) {
    const { algorithms, issuer, audience, ...jsonWebTokenOptions } = keys.rules;
    super({
      jwtFromRequest: (request) => bearerToken(request.headers),
      secretOrKeyProvider: (_request, token: string, done) => {
        const key = keys.keyFor(token);
        if (key === null) done(new UnauthorizedError());
        else done(null, key.export({ type: 'spki', format: 'pem' }).toString());
      },
      algorithms,
      issuer,
      audience,
      jsonWebTokenOptions,
      passReqToCallback: true,
    });
  }

  async validate(request: HttpRequest, payload: unknown): Promise<Identity> {
    const token = bearerToken(request.headers) ?? '';
    const verified = this.verifier.accept(token, payload, request.correlationId);
    return { ...(await this.sessions.assertAlive(verified.ctx)), expiresAt: verified.expiresAt };
  }
}
