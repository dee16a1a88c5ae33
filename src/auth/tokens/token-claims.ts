import { ROLES } from '#platform/context';
import { z } from 'zod';

/** The claims of an access token that the program relies on. `sid` may be absent in tokens of the operator's own issuer only. */
export const accessClaims = z.object({
  sub: z.guid(),
  user_id: z.guid().optional(),
  tenant_id: z.guid(),
  role: z.enum(ROLES),
  persona: z.string().nullable().optional(),
  sid: z.guid().optional(),
  /** Of a session that a widget opened. */
  widget: z
    .object({ id: z.guid(), agent: z.string().nullable(), messages_per_minute: z.int().positive().nullable() })
    .optional(),
  iat: z.number().optional(),
  exp: z.number(),
});
export type AccessClaims = z.infer<typeof accessClaims>;

export const ACCESS_TOKEN_SECONDS = 15 * 60;
export const CLOCK_LEEWAY_SECONDS = 60;
export const AUDIENCE = 'switchboard';
