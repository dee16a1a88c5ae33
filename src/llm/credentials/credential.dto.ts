import { timeSchema } from '#platform/http';
import { SecretString } from '#platform/secrets';
import { atMost } from '#platform/text';
import { z } from 'zod';
import { CREDENTIAL_KINDS, type CredentialDraft, type CredentialProvider, PROVIDER_URLS } from './credential.js';
import type { ShownCredential } from './credential.service.js';

const PROVIDERS = Object.keys(PROVIDER_URLS) as [CredentialProvider, ...CredentialProvider[]];

const name = z
  .string()
  .trim()
  .min(1)
  .check(...atMost(200));
/** A secret is written as it is: white space around it is nearly always a slip of the clipboard. */
const secret = z
  .string()
  .min(1)
  .check(...atMost(8192))
  .regex(/^\S(?:[\s\S]*\S)?$/, 'must not begin or end with white space');
/** What headers may carry. */
const headerSecret = secret.regex(/^[\x20-\x7e]+$/, 'must have plain ASCII characters only');
const baseUrl = z
  .string()
  .check(...atMost(2048))
  .refine(isBaseUrl, 'must be an http(s) address without a query, a fragment or a user');
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const header = z.string().max(100).regex(token, 'must be a header name');
const query = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[\w.~-]+$/, 'must be the name of a query parameter');
const scheme = z.string().max(50).regex(token, 'must be one word such as Bearer');
const username = z
  .string()
  .check(...atMost(500))
  .regex(/^[^:]*$/, 'must not have a colon');

const provider = z.strictObject({
  kind: z.literal('provider'),
  name,
  provider: z.enum(PROVIDERS),
  base_url: baseUrl.optional(),
  secret: headerSecret,
});
const inHeader = z
  .strictObject({
    kind: z.literal('header'),
    name,
    base_url: baseUrl,
    header: header.optional(),
    query: query.optional(),
    scheme: scheme.optional(),
    secret: headerSecret,
  })
  .refine((body) => (body.header === undefined) !== (body.query === undefined), 'needs either header or query')
  .refine((body) => body.query === undefined || body.scheme === undefined, 'scheme: goes with a header only');
const basic = z.strictObject({ kind: z.literal('basic'), name, base_url: baseUrl, username, secret });

export const createCredentialBody = z.discriminatedUnion('kind', [provider, inHeader, basic]).meta({
  examples: [
    {
      kind: 'header',
      name: 'Shop API',
      base_url: 'https://shop.example.com/api',
      header: 'Authorization',
      scheme: 'Bearer',
      secret: 'a-long-secret-of-the-shop',
    },
    { kind: 'provider', name: 'Our OpenAI key', provider: 'openai', secret: 'sk-a-key-of-the-provider' },
  ],
});
export type CreateCredentialBody = z.infer<typeof createCredentialBody>;

export const patchCredentialBody = z
  .strictObject({ name, base_url: baseUrl, header, query, scheme: scheme.nullable(), username, secret })
  .partial()
  .meta({ examples: [{ secret: 'the-new-secret-of-the-shop' }] });
export type PatchCredentialBody = z.infer<typeof patchCredentialBody>;

export const credentialResponse = z
  .object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(CREDENTIAL_KINDS),
    provider: z.enum(PROVIDERS).nullable(),
    base_url: z.string(),
    header: z.string().nullable(),
    query: z.string().nullable(),
    scheme: z.string().nullable(),
    username: z.string().nullable(),
    last4: z.string(),
    tested_at: timeSchema.nullable(),
    error: z.string().nullable(),
    used_by: z.array(z.object({ type: z.string(), id: z.string(), name: z.string() })),
    created_at: timeSchema,
    updated_at: timeSchema,
  })
  .meta({ id: 'Credential' });
export type CredentialResponse = z.infer<typeof credentialResponse>;

export const credentialTestResponse = z
  .object({ ok: z.boolean(), error: z.string().nullable(), models: z.array(z.string()) })
  .meta({ id: 'CredentialTest' });
export type CredentialTestResponse = z.infer<typeof credentialTestResponse>;

export function toCredentialResponse({ credential, usedBy }: ShownCredential): CredentialResponse {
  return {
    id: credential.id,
    name: credential.name,
    kind: credential.kind,
    provider: credential.provider,
    base_url: credential.baseUrl,
    header: credential.header,
    query: credential.query,
    scheme: credential.scheme,
    username: credential.username,
    last4: credential.last4,
    tested_at: credential.testedAt?.toISOString() ?? null,
    error: credential.testError,
    used_by: usedBy.map(({ id, name: user, type }) => ({ type, id, name: user })),
    created_at: credential.createdAt.toISOString(),
    updated_at: credential.updatedAt.toISOString(),
  };
}

export function toDraft(body: CreateCredentialBody): { draft: CredentialDraft; secret: SecretString } {
  const none = { provider: null, header: null, query: null, scheme: null, username: null };
  const common = { ...none, name: body.name, kind: body.kind };
  const held = new SecretString(body.secret);
  switch (body.kind) {
    case 'provider':
      return {
        secret: held,
        draft: { ...common, provider: body.provider, baseUrl: body.base_url ?? PROVIDER_URLS[body.provider] },
      };
    case 'header':
      return {
        secret: held,
        draft: {
          ...common,
          baseUrl: body.base_url,
          header: body.header ?? null,
          query: body.query ?? null,
          scheme: body.scheme ?? null,
        },
      };
    case 'basic':
      return { secret: held, draft: { ...common, baseUrl: body.base_url, username: body.username } };
  }
}

/** The body that would make what a change turns a credential into; its secret is a stand-in when none was sent. */
export function changedBody({ credential }: ShownCredential, body: PatchCredentialBody): Record<string, unknown> {
  const { base_url: address = credential.baseUrl, secret: replaced = 'unchanged', ...rest } = body;
  const own = { provider: credential.provider, header: credential.header, query: credential.query };
  // Header and query exclude each other: naming one drops the other.
  if (body.header !== undefined) own.query = null;
  if (body.query !== undefined) own.header = null;
  const whole = {
    kind: credential.kind,
    name: credential.name,
    ...own,
    scheme: credential.scheme,
    username: credential.username,
    ...rest,
    base_url: address,
    secret: replaced,
  };
  return Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== null));
}

function isBaseUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  const bare = url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  return /^https?:$/.test(url.protocol) && bare && !/[?#]/.test(value);
}
