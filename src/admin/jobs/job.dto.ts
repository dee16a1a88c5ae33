import { timeSchema } from '#platform/http';
import { z } from 'zod';
import type { Job } from './job.repository.js';

export const jobResponse = z
  .object({
    id: z.string(),
    kind: z.string(),
    target_id: z.string(),
    status: z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']),
    progress: z.number(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    result: z.object({ sha256: z.string().nullable(), counts: z.record(z.string(), z.number()) }).nullable(),
    created_at: timeSchema,
    ended_at: timeSchema.nullable(),
  })
  .meta({ id: 'Job' });
export type JobResponse = z.infer<typeof jobResponse>;

export function toJobResponse(job: Job): JobResponse {
  return {
    id: job.id,
    kind: job.kind,
    target_id: job.targetId,
    status: job.status,
    progress: job.progress,
    error: job.error,
    result: job.result === null ? null : { sha256: job.result.sha256 ?? null, counts: { ...job.result.counts } },
    created_at: job.createdAt.toISOString(),
    ended_at: job.endedAt?.toISOString() ?? null,
  };
}
