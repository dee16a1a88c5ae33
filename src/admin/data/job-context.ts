import type { RequestContext } from '#platform/context';
import type { Job } from '../jobs/job.repository.js';

/** What a job does is the deed of whoever asked for it. */
export function contextOf({ createdBy, id, kind, tenantId }: Job): RequestContext {
  const role = kind.startsWith('tenant.') ? ('platform_admin' as const) : ('tenant_admin' as const);
  return { tenantId, principal: { id: createdBy ?? id, role, persona: null, sessionId: null }, correlationId: id };
}
