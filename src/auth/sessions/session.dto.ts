import type { RequestContext } from '#platform/context';
import { idSchema, listQuery, timeSchema } from '#platform/http';
import { z } from 'zod';
import type { SessionRecord } from './session-directory.repository.js';

export const listSessionsQuery = listQuery.extend({ user_id: idSchema.optional() });
export type ListSessionsQuery = z.infer<typeof listSessionsQuery>;

export const endSessionsQuery = z.strictObject({ user_id: idSchema });
export type EndSessionsQuery = z.infer<typeof endSessionsQuery>;

export const sessionResponse = z
  .object({
    id: z.string(),
    user: z.object({ id: z.string(), name: z.string() }),
    user_agent: z.string().nullable(),
    current: z.boolean().describe('The session that asks'),
    created_at: timeSchema,
    last_used_at: timeSchema,
    expires_at: timeSchema,
  })
  .meta({ id: 'Session' });
export type SessionResponse = z.infer<typeof sessionResponse>;

export function toSessionResponse(ctx: RequestContext, session: SessionRecord): SessionResponse {
  return {
    id: session.id,
    user: { id: session.principalId, name: session.name },
    user_agent: session.userAgent,
    current: session.id === ctx.principal.sessionId,
    created_at: session.createdAt.toISOString(),
    last_used_at: session.lastUsedAt.toISOString(),
    expires_at: session.expiresAt.toISOString(),
  };
}
