import type { RequestContext } from '#platform/context';
import { isAllowed, type Permission, permissionsOf } from '#platform/http';
import type { Job } from './job.repository.js';

/** Who may read everything of a tenant may see its archive: a key with a few scopes gets no more by ordering one. */
const EVERYTHING = permissionsOf('tenant_admin');

export type JobAbout = Pick<Job, 'kind' | 'targetId'>;

/** Whether the caller may order such a job, see it and fetch what it made. One's own export needs nothing but being oneself. */
export function mayHave(ctx: RequestContext, { kind, targetId }: JobAbout): boolean {
  const may = (permission: Permission) => isAllowed(ctx.principal, permission);
  switch (kind) {
    case 'tenant.export':
    case 'tenant.erase':
      return targetId === ctx.tenantId ? EVERYTHING.every(may) : may('tenants.manage');
    case 'user.export':
      return targetId === ctx.principal.id || (may('users.write') && may('conversations.read_all'));
    case 'user.erase':
      return targetId === ctx.principal.id || may('users.write');
  }
}
