import type { TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import type { UsageGroup, UsageQuery, UsageSums } from './usage.dto.js';

const MOST_ROWS = 10_000;

/** Whitelisted: a name of a request never becomes SQL. */
const EXPRESSION: Readonly<Record<UsageGroup, string>> = {
  day: `to_char(u.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')`,
  agent: 't.agent',
  model: 'u.model',
  user: 'u.principal_id::text',
  provider: 'u.provider',
  purpose: 'u.purpose',
};

const SUMS = `count(DISTINCT u.turn_id)::int AS turns, coalesce(sum(u.input_tokens), 0)::float8 AS input_tokens,
  coalesce(sum(u.output_tokens), 0)::float8 AS output_tokens, sum(u.cost_usd)::float8 AS cost_usd`;
const OF_PERIOD = 'u.tenant_id = $1 AND u.created_at >= $2 AND u.created_at < $3';

export type UsageRowSums = UsageSums & Partial<Record<UsageGroup, string | null>>;

/** Sums over `app.usage_record`. */
@Injectable()
export class UsageRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** In the order of the groups; at most 10,000 rows. */
  grouped(scope: TenantScope, { from, groups, to }: UsageQuery): Promise<UsageRowSums[]> {
    const named = groups.map((name) => `${EXPRESSION[name]} AS "${name}"`);
    const places = groups.map((_, index) => index + 1).join(', ');
    const turns = groups.includes('agent')
      ? 'LEFT JOIN app.turn t ON t.tenant_id = u.tenant_id AND t.id = u.turn_id'
      : '';
    return this.work.query<UsageRowSums>(
      scope,
      `SELECT ${[...named, SUMS].join(', ')} FROM app.usage_record u ${turns} WHERE ${OF_PERIOD}
        GROUP BY ${places} ORDER BY ${places} LIMIT ${MOST_ROWS}`,
      [scope.tenantId, from, to],
    );
  }

  async totals(scope: TenantScope, { from, to }: UsageQuery): Promise<UsageSums> {
    const sql = `SELECT ${SUMS} FROM app.usage_record u WHERE ${OF_PERIOD}`;
    const [row] = await this.work.query<UsageSums>(scope, sql, [scope.tenantId, from, to]);
    return row ?? { turns: 0, input_tokens: 0, output_tokens: 0, cost_usd: null };
  }
}
