import { ROLES } from '#platform/context';
import { atMost } from '#platform/text';
import { z } from 'zod';
import { ACCESS_TOKEN_SECONDS } from '../tokens/token-claims.js';
import type { SignedIn } from './signed-in.js';

/** Long enough for any phrase, short enough that hashing it is no attack. */
const password = z
  .string()
  .min(1)
  .check(...atMost(1024));
export const newPassword = z
  .string()
  .min(8, 'must have at least 8 characters')
  .check(...atMost(1024));
export const emailSchema = z.email('must be an email address').max(320);

export const loginBody = z
  .strictObject({
    tenant: z
      .string()
      .min(1)
      .check(...atMost(100)),
    email: z
      .string()
      .min(1)
      .check(...atMost(320)),
    password,
  })
  .meta({ examples: [{ tenant: 'acme', email: 'user@acme.test', password: '…' }] });
export type LoginBody = z.infer<typeof loginBody>;

export const refreshBody = z
  .strictObject({
    refresh_token: z
      .string()
      .min(1)
      .check(...atMost(1000)),
  })
  .meta({ examples: [{ refresh_token: 'rt_…' }] });
export type RefreshBody = z.infer<typeof refreshBody>;

export const changePasswordBody = z
  .strictObject({ current_password: password, new_password: newPassword })
  .meta({ examples: [{ current_password: '…', new_password: 'at least twelve characters' }] });
export type ChangePasswordBody = z.infer<typeof changePasswordBody>;

export const userSummary = z.object({
  id: z.string(),
  email: z.string().nullable(),
  name: z.string(),
  role: z.enum(ROLES),
  persona: z.string().nullable(),
  tenant: z.object({ id: z.string(), slug: z.string() }),
});
export type UserSummary = z.infer<typeof userSummary>;

export const tokensResponse = z
  .object({
    access_token: z.string(),
    refresh_token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.number(),
    user: userSummary,
  })
  .meta({ id: 'Tokens' });
export type TokensResponse = z.infer<typeof tokensResponse>;

export function toTokensResponse(signedIn: SignedIn): TokensResponse {
  return {
    access_token: signedIn.accessToken,
    refresh_token: signedIn.refreshToken,
    token_type: 'Bearer',
    expires_in: ACCESS_TOKEN_SECONDS,
    user: { ...signedIn.user, tenant: signedIn.tenant },
  };
}
