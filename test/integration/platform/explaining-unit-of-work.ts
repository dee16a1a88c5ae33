import type { TenantScope } from '#platform/context';
import { type TenantTx, type TransactionOptions, UnitOfWork } from '#platform/database';
import { Client } from 'pg';

/** A node of Postgres' plan, as `EXPLAIN (FORMAT JSON)` tells it. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  /** Pages that it and what is below it read; only after `analyze`. */
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly Plans?: readonly PlanNode[];
}

const STATEMENTS = new Set<string | symbol>(['query', 'one', 'execute', 'commitWith']);

/** Asks for the plan of each statement before it runs: under the working role, with the tenant's policy and the real values. */
export class ExplainingUnitOfWork extends UnitOfWork {
  readonly plans: { readonly text: string; readonly root: PlanNode }[] = [];
  /** True: each statement runs once more, and is undone, so that its plan tells how much it read. */
  analyze = false;

  override run<T>(scope: TenantScope, work: (tx: TenantTx) => Promise<T>, options?: TransactionOptions): Promise<T> {
    return super.run(scope, (tx) => work(this.explaining(tx)), options);
  }

  private explaining(tx: TenantTx): TenantTx {
    return new Proxy(tx, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key, target);
        if (typeof member !== 'function') return member;
        const method = member.bind(target) as (...args: unknown[]) => Promise<unknown>;
        if (!STATEMENTS.has(key)) return method;
        return async (text: string, values: readonly unknown[], ...rest: unknown[]) => {
          if (this.analyze) await tx.query('SAVEPOINT explained');
          const options = this.analyze ? 'ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON' : 'FORMAT JSON';
          const [row] = await tx.query<Explained>(`EXPLAIN (${options}) ${text}`, values);
          if (this.analyze) await tx.query('ROLLBACK TO explained');
          this.plans.push({ text, root: planOf(row) });
          return method(text, values, ...rest);
        };
      },
    });
  }
}

/** The plan of what stands inside a look-up function, under the role that runs it. */
export async function planOfLookup(
  url: string,
  name: string,
  args: Readonly<Record<string, string>>,
): Promise<PlanNode> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ prosrc: string }>(
      `SELECT prosrc FROM pg_proc WHERE proname = $1 AND pronamespace = 'app'::regnamespace`,
      [name],
    );
    let body = rows[0]?.prosrc ?? '';
    for (const [argument, value] of Object.entries(args))
      body = body.replace(new RegExp(`\\b${argument}\\b`, 'g'), value);
    await client.query('BEGIN; SET LOCAL ROLE switchboard_lookup');
    const plan = await client.query<Explained>(`EXPLAIN (FORMAT JSON) ${body}`);
    return planOf(plan.rows[0]);
  } finally {
    await client.end();
  }
}

interface Explained {
  readonly 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }];
}

function planOf(row: Explained | undefined): PlanNode {
  if (row === undefined) throw new Error('EXPLAIN said nothing');
  return row['QUERY PLAN'][0].Plan;
}

/** Pages that a statement read, from memory or from disk. */
export function pagesOf(root: PlanNode): number {
  return (root['Shared Hit Blocks'] ?? 0) + (root['Shared Read Blocks'] ?? 0);
}

export function nodesOf(root: PlanNode): PlanNode[] {
  return [root, ...(root.Plans ?? []).flatMap(nodesOf)];
}
