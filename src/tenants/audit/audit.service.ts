import type { RequestContext, Role, TenantScope } from '#platform/context';
import { newId, type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { type AuditChange, changesBetween } from './audit-changes.js';

export interface AuditEntry {
  /** `<type>.<verb in the present>`: `agent.update`, `widget.rotate_secret`. */
  readonly action: string;
  readonly targetType?: string;
  readonly targetId?: string;
  /** Never a secret, a password or what people wrote. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** By `changesBetween`. */
  readonly changes?: readonly AuditChange[];
  readonly address?: string;
}

/** Two versions of a resource, as a read would show them: never its secrets. */
export interface ResourceChange {
  readonly id: string;
  readonly before: object | null;
  readonly after: object | null;
  readonly details?: AuditEntry['details'];
}

/** Who did it. A request's context fits. Null id: the system, or somebody who is not signed in. */
export interface AuditActor {
  readonly correlationId?: string;
  readonly address?: string;
  readonly principal: { readonly id: string | null; readonly role: Role | null };
}

/** Who did what to whom. Rows can be added and read, never changed (the working role has no right to). */
@Injectable()
export class AuditService {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Inside the transaction that does it, so that there is no deed without its row. */
  async record(tx: TenantTx, actor: AuditActor, entry: AuditEntry): Promise<void> {
    await tx.execute(INSERT, values(tx.tenantId, actor, entry));
  }

  /**
   * That an administrative resource was made, changed or deleted, by what differs: `agent.create`, `agent.update`,
   * `agent.delete`.
   * @param change `before` null: it was made; `after` null: it was deleted
   */
  async recordChange(tx: TenantTx, actor: AuditActor, type: string, change: ResourceChange): Promise<void> {
    const { after, before, details, id } = change;
    const verb = before === null ? 'create' : after === null ? 'delete' : 'update';
    const changes = changesBetween(before, after);
    await this.record(tx, actor, { action: `${type}.${verb}`, targetType: type, targetId: id, details, changes });
  }

  /**
   * Takes what was recorded of somebody or something that is erased, ids aside, out of this tenant's record.
   * @param email of the person: also what names it, such as an invitation
   */
  async redact(tx: TenantTx, id: string, email: string | null = null): Promise<void> {
    await tx.execute('SELECT app.redact_audit($1, $2)', [id, email]);
  }

  /** In a transaction of its own, for what changes no row of this tenant. */
  async recordNow(ctx: TenantScope & AuditActor, entry: AuditEntry): Promise<void> {
    await this.unitOfWork.query(ctx, INSERT, values(ctx.tenantId, ctx, entry));
  }
}

export const SYSTEM_ACTOR: AuditActor = { principal: { id: null, role: null } };

/** For a deed of a request in another tenant than its own. */
export function actorOf(ctx: RequestContext): AuditActor {
  return { correlationId: ctx.correlationId, principal: ctx.principal, address: ctx.address };
}

const INSERT = `INSERT INTO app.audit_event
  (tenant_id, id, actor_id, actor_role, action, target_type, target_id, details, address, correlation_id)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`;

function values(tenantId: string, actor: AuditActor, entry: AuditEntry): unknown[] {
  return [
    tenantId,
    newId(),
    actor.principal.id,
    actor.principal.role,
    entry.action,
    entry.targetType ?? null,
    entry.targetId ?? null,
    JSON.stringify({ ...entry.details, ...(entry.changes === undefined ? {} : { changes: entry.changes }) }),
    entry.address ?? actor.address ?? null,
    actor.correlationId ?? null,
  ];
}
