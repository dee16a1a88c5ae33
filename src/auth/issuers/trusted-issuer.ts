import type { Role } from '#platform/context';

/** Signatures with a public key only. A secret that both sides know (HS*) would let every reader of it sign. */
export const ISSUER_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;
export type IssuerAlgorithm = (typeof ISSUER_ALGORITHMS)[number];

/** Which claim says what; null: none does. */
export interface ClaimNames {
  readonly user_id: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly persona: string | null;
  readonly role: string | null;
}

export const USUAL_CLAIMS: ClaimNames = { user_id: 'sub', name: 'name', email: 'email', persona: null, role: null };

/** Whose tokens are taken, and as what. */
export interface TrustedIssuer {
  readonly id: string;
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly jwksUrl: string | null;
  readonly publicKey: string | null;
  readonly algorithms: readonly IssuerAlgorithm[];
  readonly claims: ClaimNames;
  /** What its people may be; the first where its tokens say nothing. */
  readonly roles: readonly Role[];
  /** Its tokens may name people by our own ids as well; never a tenant's. */
  readonly knowsOurIds?: boolean;
}

export interface TrustedIssuerRecord extends TrustedIssuer {
  readonly enabled: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface IssuerInput {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly jwksUrl: string | null;
  readonly publicKey: string | null;
  readonly algorithms: readonly IssuerAlgorithm[];
  readonly claims: ClaimNames;
  readonly roles: readonly Role[];
  readonly enabled: boolean;
}
