import { Client, type Pool, type PoolClient } from 'pg';
import type { DataSource } from 'typeorm';

// Two walls stand between tenants: row security, and the condition that each statement has of its own. Each of these takes
// one of them out, everywhere at once, so that the other can be seen alone.

const PREDICATE = /((?:"?\w+"?\.)?"?tenant_id"?) = \$(\d+)/g;

/**
 * From now on every statement of this pool is sent without its own condition on the tenant: what is left is the database's
 * row security. It is the fault that a repository could have, made everywhere at once.
 * @returns counts what was rewritten
 */
export function withoutTenantPredicates(dataSource: DataSource): { readonly count: number } {
  const { master } = dataSource.driver as unknown as { readonly master: Pool & { readonly _clients: PoolClient[] } };
  const rewritten = { count: 0 };
  const send = (client: PoolClient): void => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    Object.assign(client, {
      query: (statement: unknown, ...rest: unknown[]): unknown => {
        const changed = rewriteStatement(statement);
        if (changed !== statement) rewritten.count++;
        return query(changed, ...rest);
      },
    });
  };
  for (const client of master._clients) send(client);
  master.on('connect', send);
  return rewritten;
}

/** Parameters keep their place and their type. */
withoutTenantPredicates.rewrite = (text: string): string =>
  text.replace(PREDICATE, '($1 IS NOT NULL AND $$$2::uuid IS NOT NULL)');

/**
 * From now on no table of this database hides anything: what is left is what the statements say themselves. It is the fault that
 * a migration could make.
 */
export async function withoutRowSecurity({ ownerUrl }: { readonly ownerUrl: string }): Promise<void> {
  const owner = new Client({ connectionString: ownerUrl });
  await owner.connect();
  try {
    await owner.query(`DO $$ DECLARE t record; BEGIN
      FOR t IN SELECT c.oid::regclass AS name FROM pg_class c
        WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p') AND c.relrowsecurity
      LOOP EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', t.name); END LOOP;
    END $$`);
  } finally {
    await owner.end();
  }
}

function rewriteStatement(statement: unknown): unknown {
  if (typeof statement === 'string') return withoutTenantPredicates.rewrite(statement);
  if (typeof statement !== 'object' || statement === null || !('text' in statement)) return statement;
  const text = withoutTenantPredicates.rewrite(String(statement.text));
  // A prepared statement of this name would have the old text.
  return text === statement.text ? statement : { ...statement, text, name: undefined };
}
