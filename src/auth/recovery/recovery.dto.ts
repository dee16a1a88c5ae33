import { timeSchema } from '#platform/http';
import { z } from 'zod';
import { emailSchema, newPassword } from '../login/auth.dto.js';

export const forgotPasswordBody = z
  .strictObject({ tenant: z.string().min(1).max(100), email: emailSchema })
  .meta({ examples: [{ tenant: 'acme', email: 'user@acme.test' }] });
export type ForgotPasswordBody = z.infer<typeof forgotPasswordBody>;

export const resetPasswordBody = z
  .strictObject({ token: z.string().min(1).max(300), password: newPassword })
  .meta({ examples: [{ token: 'pr_…', password: 'at least twelve characters' }] });
export type ResetPasswordBody = z.infer<typeof resetPasswordBody>;

/** In this answer and in no other. */
export const issuedResetResponse = z
  .object({ reset_url: z.string(), expires_at: timeSchema })
  .meta({ id: 'IssuedReset' });
export type IssuedResetResponse = z.infer<typeof issuedResetResponse>;
