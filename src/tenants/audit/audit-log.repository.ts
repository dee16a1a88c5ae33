import type { TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import type { AuditChange } from './audit-changes.js';

export interface AuditFilter {
  readonly actor?: string;
  readonly action?: string;
  readonly targetType?: string;
  readonly targetId?: string;
  /** Included. */
  readonly from?: string;
  /** Not included. */
  readonly to?: string;
}

export interface AuditRecord {
  readonly id: string;
  readonly actorId: string | null;
  readonly actorRole: string | null;
  /** Null once the person is gone, and for those who have none. */
  readonly actorEmail: string | null;
  readonly action: string;
  readonly targetType: string | null;
  readonly targetId: string | null;
  readonly details: Readonly<Record<string, unknown>> & { readonly changes?: readonly AuditChange[] };
  readonly address: string | null;
  readonly correlationId: string | null;
  readonly createdAt: Date;
}

@Injectable()
export class AuditLogRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Newest first. @param before id of the last entry of the previous page */
  page(
    scope: TenantScope,
    filter: AuditFilter,
    page: { before: string | null; limit: number },
  ): Promise<AuditRecord[]> {
    return this.unitOfWork.query<AuditRecord>(
      scope,
      `SELECT a.id, a.actor_id AS "actorId", a.actor_role AS "actorRole", p.email AS "actorEmail", a.action,
          a.target_type AS "targetType", a.target_id AS "targetId", a.details, a.address,
          a.correlation_id AS "correlationId", a.created_at AS "createdAt"
        FROM app.audit_event a
        LEFT JOIN app.principal p ON p.tenant_id = a.tenant_id AND p.id = a.actor_id
        WHERE a.tenant_id = $1 AND ($2::uuid IS NULL OR a.id < $2) AND ($4::uuid IS NULL OR a.actor_id = $4)
          AND ($5::text IS NULL OR a.action = $5) AND ($6::text IS NULL OR a.target_type = $6)
          AND ($7::text IS NULL OR a.target_id = $7) AND ($8::timestamptz IS NULL OR a.created_at >= $8)
          AND ($9::timestamptz IS NULL OR a.created_at < $9)
        ORDER BY a.id DESC LIMIT $3`,
      [
        scope.tenantId,
        page.before,
        page.limit,
        filter.actor ?? null,
        filter.action ?? null,
        filter.targetType ?? null,
        filter.targetId ?? null,
        filter.from ?? null,
        filter.to ?? null,
      ],
    );
  }
}
