import { AppConfig } from '#platform/config';
import { isUuid } from '#platform/database';
import { TenantNotFoundError, TenantService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { INSTALLATION_ISSUER_ID } from '../sessions/session.repository.js';
import { AUDIENCE } from '../tokens/token-claims.js';
import { TokenKeys } from '../tokens/token-keys.js';
import { readPublicKey } from './public-key.js';
import { ISSUER_ALGORITHMS, type TrustedIssuer, USUAL_CLAIMS } from './trusted-issuer.js';

/**
 * The operator's issuer for all tenants: by JWT_JWKS_URL, or by JWT_PUBLIC_KEY together with JWT_ISSUER. Its tokens name the
 * tenant themselves (`tenant_id`: slug or id), and a role that is not the platform's.
 */
@Injectable()
export class InstallationIssuer {
  /** Null when there is none. */
  readonly issuer: TrustedIssuer | null;
  readonly allow: readonly string[];

  constructor(
    config: AppConfig,
    ownKeys: TokenKeys,
    private readonly tenants: TenantService,
  ) {
    const { JWT_ISSUER, JWT_JWKS_URL, JWT_PUBLIC_KEY } = config.env;
    const key = JWT_ISSUER === undefined || JWT_PUBLIC_KEY === undefined ? null : readPublicKey(JWT_PUBLIC_KEY);
    const isThere = JWT_JWKS_URL !== undefined || key !== null;
    this.allow = JWT_JWKS_URL === undefined ? [] : [hostAndPortOf(JWT_JWKS_URL)];
    this.issuer = isThere
      ? {
          id: INSTALLATION_ISSUER_ID,
          issuer: JWT_ISSUER ?? ownKeys.issuer,
          audience: [config.env.JWT_AUDIENCE ?? AUDIENCE],
          jwksUrl: JWT_JWKS_URL ?? null,
          publicKey: JWT_JWKS_URL === undefined ? (key?.pem ?? null) : null,
          algorithms: JWT_JWKS_URL === undefined && key !== null ? [key.algorithm] : ISSUER_ALGORITHMS,
          claims: { ...USUAL_CLAIMS, persona: 'persona', role: 'role' },
          roles: ['end_user', 'supporter', 'tenant_admin'],
          knowsOurIds: true,
        }
      : null;
  }

  issues(issuer: string): boolean {
    return this.issuer?.issuer === issuer;
  }

  async tenantOf(claim: unknown): Promise<string | null> {
    if (typeof claim !== 'string' || claim.length > 100 || claim.includes('\0')) return null;
    if (!isUuid(claim)) return this.tenants.findIdBySlug(claim);
    const tenantId = claim.toLowerCase();
    return this.tenants.get({ tenantId }).then(
      () => tenantId,
      (error: unknown) => {
        if (error instanceof TenantNotFoundError) return null;
        throw error;
      },
    );
  }
}

function hostAndPortOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
}
