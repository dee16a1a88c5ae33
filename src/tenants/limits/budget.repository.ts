import type { TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';

export type Period = 'day' | 'month';

export interface BudgetState {
  readonly spentDay: number;
  readonly spentMonth: number;
  /** Of what is in flight. */
  readonly reserved: number;
  readonly admitted: boolean;
}

const TODAY = `(clock_timestamp() AT TIME ZONE 'UTC')::date`;
const FIRST_OF_MONTH = `date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date`;

/** What was spent before anybody counted: the budget may be younger than its period. */
const BEGIN = `
INSERT INTO app.budget (tenant_id, period, starts_on, spent_usd)
SELECT $1, p.period, p.starts_on, coalesce((SELECT sum(u.reckoned_usd) FROM app.usage_record u
         WHERE u.tenant_id = $1 AND u.created_at >= p.starts_on::timestamp AT TIME ZONE 'UTC'), 0)
  FROM (VALUES ('day', ${TODAY}), ('month', ${FIRST_OF_MONTH})) AS p(period, starts_on)
 WHERE NOT EXISTS (SELECT 1 FROM app.budget b WHERE b.tenant_id = $1 AND b.period = p.period AND b.starts_on = p.starts_on)
ON CONFLICT DO NOTHING`;

/** Whoever holds the rows decides next: the statement after it sees what the one before has reserved. */
const LOCK = `
SELECT 1 FROM app.budget WHERE tenant_id = $1 AND (period, starts_on) IN (('day', ${TODAY}), ('month', ${FIRST_OF_MONTH}))
 ORDER BY period FOR UPDATE`;

const STATE = `
SELECT coalesce((SELECT spent_usd FROM app.budget WHERE tenant_id = $1 AND period = 'day' AND starts_on = ${TODAY}), 0) AS day,
       coalesce((SELECT spent_usd FROM app.budget WHERE tenant_id = $1 AND period = 'month' AND starts_on = ${FIRST_OF_MONTH}), 0)
         AS month,
       coalesce((SELECT sum(amount_usd) FROM app.budget_reservation
         WHERE tenant_id = $1 AND id <> $2 AND expires_at > clock_timestamp()), 0) AS reserved`;

/** $3 the amount, $4 and $5 the budgets (null: none), $6 the seconds after which a reservation that nobody settles is void. */
const RESERVE = `
WITH state AS (${STATE}),
judged AS (
  SELECT s.*, (($4::numeric IS NULL OR s.day + s.reserved < $4) AND ($5::numeric IS NULL OR s.month + s.reserved < $5)) AS admitted
    FROM state s
), reserved AS (
  INSERT INTO app.budget_reservation (tenant_id, id, amount_usd, expires_at)
  SELECT $1, $2, $3, clock_timestamp() + make_interval(secs => $6) FROM judged WHERE admitted
  ON CONFLICT (tenant_id, id) DO UPDATE SET amount_usd = excluded.amount_usd, expires_at = excluded.expires_at
), swept AS (
  DELETE FROM app.budget_reservation WHERE tenant_id = $1 AND id <> $2 AND expires_at < clock_timestamp()
)
SELECT day, month, reserved, admitted FROM judged`;

interface Row {
  readonly day: string;
  readonly month: string;
  readonly reserved: string;
  readonly admitted?: boolean;
}

/**
 * What a tenant with a budget has spent, one row a period, and what its turns in flight may still spend. Rows of usage are
 * added to the period by the database (`app.spend`), in the transaction that writes them down; reservations end with the
 * turn, or with their time. Nothing is held while a model thinks.
 */
@Injectable()
export class BudgetRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** One round trip. Admits while anything is left: what it is short of is at most what is in flight. */
  async reserve(
    scope: TenantScope,
    reservation: { readonly id: string; readonly usd: number; readonly seconds: number },
    budgets: { readonly day: number | null; readonly month: number | null },
  ): Promise<BudgetState> {
    const { id, seconds, usd } = reservation;
    return this.unitOfWork.run(scope, async (tx) => {
      const begun = tx.query(BEGIN, [tx.tenantId], 'budget_begin');
      const locked = tx.query(LOCK, [tx.tenantId], 'budget_lock');
      const values = [tx.tenantId, id, usd.toFixed(8), budgets.day, budgets.month, seconds];
      const judged = tx.commitWith<Row>(RESERVE, values, 'budget_reserve');
      const [first, second, rows] = await Promise.allSettled([begun, locked, judged]);
      if (first.status === 'rejected') throw first.reason;
      if (second.status === 'rejected') throw second.reason;
      if (rows.status === 'rejected') throw rows.reason;
      return stateOf(rows.value[0]);
    });
  }

  async state(scope: TenantScope): Promise<BudgetState> {
    return this.unitOfWork.run(scope, async (tx) => {
      await tx.query(BEGIN, [tx.tenantId], 'budget_begin');
      const rows = await tx.query<Row>(STATE, [tx.tenantId, '00000000-0000-0000-0000-000000000000'], 'budget_state');
      return stateOf(rows[0]);
    });
  }

  async release(scope: TenantScope, id: string): Promise<void> {
    await this.unitOfWork.query(scope, 'DELETE FROM app.budget_reservation WHERE tenant_id = $1 AND id = $2', [
      scope.tenantId,
      id,
    ]);
  }
}

/** Part of the statement that ends what a reservation was for. `provided`: a relation of it that must hold a row. */
export function releaseReservation(of: { tenant: string; id: string; provided: string }): string {
  return `DELETE FROM app.budget_reservation r USING ${of.provided} WHERE r.tenant_id = ${of.tenant} AND r.id = ${of.id}`;
}

function stateOf(row: Row | undefined): BudgetState {
  if (row === undefined) throw new Error('A budget returned no row');
  return {
    spentDay: Number(row.day),
    spentMonth: Number(row.month),
    reserved: Number(row.reserved),
    admitted: row.admitted === true,
  };
}
