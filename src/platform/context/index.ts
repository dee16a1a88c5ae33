/**
 * Who acts, for which tenant. Made once at the edge (guard, socket, job) and handed down explicitly as the first argument;
 * there is no ambient context, so a service that forgets it does not compile.
 */
export const ROLES = ['platform_admin', 'tenant_admin', 'supporter', 'end_user', 'visitor'] as const;
export type Role = (typeof ROLES)[number];

/** What a widget says of those who come through it. */
export interface WidgetVisit {
  readonly id: string;
  /** Key of the agent that answers what names no agent; null: the supervisor routes. */
  readonly agent: string | null;
  /** Null: the tenant's. */
  readonly messagesPerMinute: number | null;
}

export interface Principal {
  readonly id: string;
  readonly role: Role;
  /** The tenant's own word for the kind of user (`job_seeker`); null where it has none. */
  readonly persona: string | null;
  /** The revocable session behind the token; null for API keys and jobs. */
  readonly sessionId: string | null;
  /** The widget on a customer's page that they came through; absent for everybody else. */
  readonly widget?: WidgetVisit;
  /** What an API key was limited to; absent for everybody who has all that the role may. */
  readonly scopes?: readonly string[];
}

/** All that a unit of work needs: which tenant's rows may be seen. */
export interface TenantScope {
  readonly tenantId: string;
}

export interface RequestContext extends TenantScope {
  readonly principal: Principal;
  /** Correlates log lines, problems (`trace_id`) and frames of one request. */
  readonly correlationId: string;
  /** Of a REST request: where it came from (`TRUST_PROXY` decides whose word counts), for the audit log. */
  readonly address?: string;
}

const STAFF: readonly Role[] = ['platform_admin', 'tenant_admin', 'supporter'];

export function isStaff(principal: Principal): boolean {
  return STAFF.includes(principal.role);
}
