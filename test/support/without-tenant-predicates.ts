import type { Pool, PoolClient } from 'pg';
import type { DataSource } from 'typeorm';

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

function rewriteStatement(statement: unknown): unknown {
  if (typeof statement === 'string') return withoutTenantPredicates.rewrite(statement);
  if (typeof statement !== 'object' || statement === null || !('text' in statement)) return statement;
  const text = withoutTenantPredicates.rewrite(String(statement.text));
  // A prepared statement of this name would have the old text.
  return text === statement.text ? statement : { ...statement, text, name: undefined };
}
