import { ROLES } from '#platform/context';
import { listQuery, timeSchema } from '#platform/http';
import { z } from 'zod';
import { emailSchema, newPassword } from '../login/auth.dto.js';
import { assignableRole, personaSchema } from '../users/user.dto.js';
import { INVITATION_STATUSES, type InvitationRecord, statusOf } from './invitation.js';

export const createInvitationBody = z
  .strictObject({
    email: emailSchema,
    role: assignableRole.default('end_user'),
    persona: personaSchema.nullable().default(null),
  })
  .meta({ examples: [{ email: 'new.colleague@example.com', role: 'supporter' }] });
export type CreateInvitationBody = z.infer<typeof createInvitationBody>;

export const listInvitationsQuery = listQuery.extend({ status: z.enum(INVITATION_STATUSES).optional() });
export type ListInvitationsQuery = z.infer<typeof listInvitationsQuery>;

export const acceptInvitationBody = z
  .strictObject({ token: z.string().min(1).max(300), name: z.string().trim().min(1).max(200), password: newPassword })
  .meta({ examples: [{ token: 'in_…', name: 'Ann', password: 'at least twelve characters' }] });
export type AcceptInvitationBody = z.infer<typeof acceptInvitationBody>;

export const invitationResponse = z
  .object({
    id: z.string(),
    email: z.string(),
    role: z.enum(ROLES),
    persona: z.string().nullable(),
    status: z.enum(INVITATION_STATUSES),
    expires_at: timeSchema,
    created_at: timeSchema,
    updated_at: timeSchema,
  })
  .meta({ id: 'Invitation' });
export type InvitationResponse = z.infer<typeof invitationResponse>;

/** The link is in this answer, in the letter, and nowhere else. */
export const sentInvitationResponse = invitationResponse
  .extend({ accept_url: z.string() })
  .meta({ id: 'SentInvitation' });
export type SentInvitationResponse = z.infer<typeof sentInvitationResponse>;

export function toInvitationResponse(invitation: InvitationRecord): InvitationResponse {
  return {
    id: invitation.id,
    email: invitation.email,
    role: invitation.role,
    persona: invitation.persona,
    status: statusOf(invitation),
    expires_at: invitation.expiresAt.toISOString(),
    created_at: invitation.createdAt.toISOString(),
    updated_at: invitation.updatedAt.toISOString(),
  };
}
