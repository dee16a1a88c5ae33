import { TokenExpiredError, UnauthorizedError } from '#platform/errors';
import { Features } from '#tenants';
import { Injectable } from '@nestjs/common';
import { decodeJwt, errors, jwtVerify } from 'jose';
import { CLOCK_LEEWAY_SECONDS } from '../tokens/token-claims.js';
import type { VerifiedToken } from '../tokens/verified-token.js';
import { ForeignPrincipals } from './foreign-principals.js';
import { InstallationIssuer } from './installation-issuer.js';
import { personOf } from './issuer-claims.js';
import { IssuerKeys } from './issuer-keys.js';
import type { TrustedIssuer } from './trusted-issuer.js';
import { TrustedIssuerRepository } from './trusted-issuer.repository.js';

const MOST_AUDIENCES = 20;
const MOST_CHARACTERS = 500;

/** Whose keys to ask, and which tenant the token is for: nothing of it is believed yet. */
interface Trust {
  readonly tenantId: string;
  readonly issuer: TrustedIssuer;
  /** The installation's own issuer may stand inside. */
  readonly allow: readonly string[];
}

/**
 * Tokens of a tenant's own issuer, or of the installation's: the issuer and audience that a token names say which tenant
 * trusts it, what that tenant saved says with which key and algorithm it must be signed.
 */
@Injectable()
export class ForeignTokenVerifier {
  constructor(
    private readonly issuers: TrustedIssuerRepository,
    private readonly installation: InstallationIssuer,
    private readonly keys: IssuerKeys,
    private readonly principals: ForeignPrincipals,
    private readonly features: Features,
  ) {}

  /** @throws UnauthorizedError, TokenExpiredError, FeatureNotEnabledError */
  async verify(token: string, correlationId: string): Promise<VerifiedToken> {
    const trust = await this.trustOf(token);
    if (trust === null) throw new UnauthorizedError();
    const { allow, issuer, tenantId } = trust;
    const { payload } = await jwtVerify(token, this.keys.of(tenantId, issuer, allow), {
      issuer: issuer.issuer,
      audience: [...issuer.audience],
      algorithms: [...issuer.algorithms],
      clockTolerance: CLOCK_LEEWAY_SECONDS,
      requiredClaims: ['exp'],
    }).catch((error: unknown) => {
      throw error instanceof errors.JWTExpired ? new TokenExpiredError() : new UnauthorizedError();
    });
    const person = personOf(issuer, payload);
    const { exp: expiresAt, iat: issuedAt = 0 } = payload;
    // A token from the future would outlast every sign-out.
    const latest = Date.now() / 1000 + CLOCK_LEEWAY_SECONDS;
    const inTime = isTime(expiresAt) && issuedAt >= 0 && issuedAt <= latest;
    if (person === null || !inTime) throw new UnauthorizedError();
    if (!this.installation.issues(issuer.issuer)) await this.features.assertEnabled({ tenantId }, 'trusted_issuers');
    const principal = await this.principals.admit(tenantId, issuer, { person, issuedAt, expiresAt });
    return { ctx: { tenantId, correlationId, principal }, expiresAt: new Date(expiresAt * 1000) };
  }

  private async trustOf(token: string): Promise<Trust | null> {
    const { aud, iss, tenant_id: tenant } = claimsOf(token);
    if (iss === null || aud.length === 0) return null;
    if (this.installation.issues(iss)) {
      const tenantId = await this.installation.tenantOf(tenant);
      const { allow, issuer } = this.installation;
      return tenantId === null || issuer === null ? null : { tenantId, issuer, allow };
    }
    const [tenantId, another] = await this.issuers.tenantsTrusting(iss, aud);
    if (tenantId === undefined || another !== undefined) return null;
    const issuer = await this.issuers.findByIssuer({ tenantId }, iss);
    return issuer && { tenantId, issuer, allow: [] };
  }
}

/** What a token says before anybody has checked it, within bounds. */
export function claimsOf(token: string): { iss: string | null; aud: string[]; tenant_id: unknown } {
  try {
    const { aud, iss, tenant_id } = decodeJwt(token);
    const audiences = (Array.isArray(aud) ? aud : [aud]).filter(isShortText);
    return { iss: isShortText(iss) ? iss : null, aud: audiences.slice(0, MOST_AUDIENCES), tenant_id };
  } catch {
    return { iss: null, aud: [], tenant_id: null };
  }
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MOST_CHARACTERS && !value.includes('\0');
}

/** A time that the database has as well (until the year 9999). */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value < 253_402_300_000;
}
