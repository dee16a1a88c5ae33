import { timeSchema } from '#platform/http';
import { z } from 'zod';
import { ISSUER_ALGORITHMS, type IssuerInput, type TrustedIssuerRecord, USUAL_CLAIMS } from './trusted-issuer.js';

const short = z.string().trim().min(1).max(500);
const claimName = z.string().trim().min(1).max(200);
const roles = z.enum(['tenant_admin', 'supporter', 'end_user']);
const unique = (values: readonly string[]) => new Set(values).size === values.length;

const claims = z
  .strictObject({
    user_id: claimName.default(USUAL_CLAIMS.user_id),
    name: claimName.nullable().default(USUAL_CLAIMS.name),
    email: claimName.nullable().default(USUAL_CLAIMS.email),
    persona: claimName.nullable().default(USUAL_CLAIMS.persona),
    role: claimName.nullable().default(USUAL_CLAIMS.role),
  })
  .describe('Which claim says what: by name, or by a path such as realm_access.role');

const fields = {
  issuer: short.describe('The `iss` of its tokens, letter by letter'),
  audience: z.array(short).min(1).max(20).refine(unique, 'must not name one twice'),
  jwks_url: z.url().max(2000).nullable(),
  public_key: z.string().min(1).max(20_000).nullable(),
  algorithms: z.array(z.enum(ISSUER_ALGORITHMS)).min(1).max(3).refine(unique, 'must not name one twice'),
  roles: z.array(roles).min(1).max(3).refine(unique, 'must not name one twice').describe('What its people may be'),
  enabled: z.boolean(),
};

export const createIssuerBody = z
  .strictObject({
    ...fields,
    jwks_url: fields.jwks_url.default(null),
    public_key: fields.public_key.default(null),
    algorithms: fields.algorithms.default(['RS256']),
    claims: claims.prefault({}),
    roles: fields.roles.default(['end_user']),
    enabled: fields.enabled.default(true),
  })
  .meta({
    examples: [
      {
        issuer: 'https://login.example.com/',
        audience: ['switchboard-example'],
        jwks_url: 'https://login.example.com/.well-known/jwks.json',
        algorithms: ['RS256'],
        claims: { user_id: 'sub', name: 'name', email: 'email', persona: null, role: null },
      },
    ],
  });
export type CreateIssuerBody = z.infer<typeof createIssuerBody>;

export const patchIssuerBody = z
  .strictObject({ ...fields, claims })
  .partial()
  .meta({ examples: [{ enabled: false }] });
export type PatchIssuerBody = z.infer<typeof patchIssuerBody>;

export const issuerResponse = z
  .object({
    id: z.string(),
    issuer: z.string(),
    audience: z.array(z.string()),
    jwks_url: z.string().nullable(),
    public_key: z.string().nullable(),
    algorithms: z.array(z.string()),
    claims: z.object({
      user_id: z.string(),
      name: z.string().nullable(),
      email: z.string().nullable(),
      persona: z.string().nullable(),
      role: z.string().nullable(),
    }),
    roles: z.array(z.string()),
    enabled: z.boolean(),
    created_at: timeSchema,
    updated_at: timeSchema,
  })
  .meta({ id: 'TrustedIssuer' });
export type IssuerResponse = z.infer<typeof issuerResponse>;

export function toIssuerInput({ jwks_url, public_key, ...rest }: CreateIssuerBody): IssuerInput {
  return { ...rest, jwksUrl: jwks_url, publicKey: public_key };
}

/** A key takes the place of an address, and the other way round. */
export function toIssuerChange({ jwks_url, public_key, ...rest }: PatchIssuerBody): Partial<IssuerInput> {
  const keys = {
    ...(jwks_url === undefined ? {} : { jwksUrl: jwks_url, ...(jwks_url === null ? {} : { publicKey: null }) }),
    ...(public_key === undefined ? {} : { publicKey: public_key, ...(public_key === null ? {} : { jwksUrl: null }) }),
  };
  const both = typeof jwks_url === 'string' && typeof public_key === 'string';
  const given = both ? { jwksUrl: jwks_url, publicKey: public_key } : keys;
  return { ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)), ...given };
}

export function toIssuerResponse(issuer: TrustedIssuerRecord): IssuerResponse {
  return {
    id: issuer.id,
    issuer: issuer.issuer,
    audience: [...issuer.audience],
    jwks_url: issuer.jwksUrl,
    public_key: issuer.publicKey,
    algorithms: [...issuer.algorithms],
    claims: { ...USUAL_CLAIMS, ...issuer.claims },
    roles: [...issuer.roles],
    enabled: issuer.enabled,
    created_at: issuer.createdAt.toISOString(),
    updated_at: issuer.updatedAt.toISOString(),
  };
}
