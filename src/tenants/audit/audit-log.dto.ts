import { csvText, idSchema, instantSchema, listQuery, timeSchema } from '#platform/http';
import { atMost } from '#platform/text';
import { z } from 'zod';
import type { AuditRecord } from './audit-log.repository.js';

export const auditLogQuery = listQuery.extend({
  actor: idSchema.optional(),
  action: z
    .string()
    .min(1)
    .check(...atMost(100))
    .optional(),
  target_type: z
    .string()
    .min(1)
    .check(...atMost(100))
    .optional(),
  target_id: z
    .string()
    .min(1)
    .check(...atMost(200))
    .optional(),
  from: instantSchema.optional(),
  to: instantSchema.optional(),
});
export type AuditLogQuery = z.infer<typeof auditLogQuery>;

export const auditEntryResponse = z
  .object({
    id: z.string(),
    actor: z.object({ id: z.string().nullable(), role: z.string().nullable(), email: z.string().nullable() }),
    action: z.string(),
    target: z.object({ type: z.string().nullable(), id: z.string().nullable() }),
    changes: z.array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() })),
    details: z.record(z.string(), z.unknown()),
    address: z.string().nullable(),
    trace_id: z.string().nullable(),
    created_at: timeSchema,
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntryResponse = z.infer<typeof auditEntryResponse>;

export function toAuditEntryResponse(entry: AuditRecord): AuditEntryResponse {
  const { changes = [], ...details } = entry.details;
  return {
    id: entry.id,
    actor: { id: entry.actorId, role: entry.actorRole, email: entry.actorEmail },
    action: entry.action,
    target: { type: entry.targetType, id: entry.targetId },
    changes: changes.map(({ after, before, field }) => ({ field, before, after })),
    details,
    address: entry.address,
    trace_id: entry.correlationId,
    created_at: entry.createdAt.toISOString(),
  };
}

export function auditCsv(entries: readonly AuditEntryResponse[]): string {
  return csvText([
    [
      'created_at',
      'action',
      'actor_id',
      'actor_role',
      'actor_email',
      'target_type',
      'target_id',
      'changes',
      'address',
      'trace_id',
      'id',
    ],
    ...entries.map((entry) => [
      entry.created_at,
      entry.action,
      entry.actor.id,
      entry.actor.role,
      entry.actor.email,
      entry.target.type,
      entry.target.id,
      entry.changes.length === 0 ? '' : JSON.stringify(entry.changes),
      entry.address,
      entry.trace_id,
      entry.id,
    ]),
  ]);
}
