import type { TenantTx } from '#platform/database';

/**
 * How many chunks of a knowledge base hold a term (`term_stat.df`), kept in bounded steps. A chunk says itself whether it is
 * counted, and that changes in the statement that counts it: a step that was repeated, or a crash between two, counts
 * nothing twice. Terms are locked in their order, so that two documents never wait for each other.
 */

/** Chunks of one step: some ten thousand terms. */
export const COUNTED_AT_ONCE = 64;

const ADD_SQL = (sign: '' | '-') => `
  own AS (
    SELECT p.term, count(*)::int AS df FROM marked JOIN app.chunk_term p ON p.tenant_id = $1 AND p.chunk_id = marked.id
    GROUP BY p.term
  ),
  stat AS (
    INSERT INTO app.term_stat AS stat (tenant_id, knowledge_base_id, term, df)
    SELECT $1, $2, own.term, ${sign}own.df FROM own ORDER BY own.term
    ON CONFLICT (tenant_id, knowledge_base_id, term) DO UPDATE SET df = stat.df + excluded.df
    RETURNING stat.term, stat.df
  )`;

/**
 * Each step looks a few rows up by their keys. Fresh tables have no statistics of the planner's, and from none it concludes
 * to read all of them: minutes for a step of a long document (measured).
 */
const BY_KEY_SQL = `SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
  set_config('enable_mergejoin', 'off', true)`;

/** Counts the next chunks of a document. @returns how many; fewer than `COUNTED_AT_ONCE`: all are */
export async function countChunks(tx: TenantTx, knowledgeBaseId: string, documentId: string): Promise<number> {
  const [, row] = await Promise.all([
    tx.execute(BY_KEY_SQL),
    tx.one<{ chunks: number }>(
      `WITH next AS (
       SELECT id FROM app.chunk WHERE tenant_id = $1 AND document_id = $3 AND NOT counted ORDER BY ordinal LIMIT $4
     ),
     marked AS (
       UPDATE app.chunk c SET counted = true FROM next WHERE c.tenant_id = $1 AND c.id = next.id RETURNING c.id
     ),${ADD_SQL('')}
     SELECT count(*) AS chunks FROM marked`,
      [tx.tenantId, knowledgeBaseId, documentId, COUNTED_AT_ONCE],
    ),
  ]);
  return Number(row?.chunks ?? 0);
}

/** The way back, for the next chunks of a document that are counted. @returns how many */
export async function uncountChunks(tx: TenantTx, knowledgeBaseId: string, documentId: string): Promise<number> {
  const rows = await tx.query<{ id: string }>(
    'SELECT id FROM app.chunk WHERE tenant_id = $1 AND document_id = $2 AND counted ORDER BY ordinal LIMIT $3',
    [tx.tenantId, documentId, COUNTED_AT_ONCE],
  );
  const ids = rows.map(({ id }) => id);
  await uncount(tx, knowledgeBaseId, ids);
  return ids.length;
}

/** Deletes chunks with what hangs on them, the statistics included. At most `COUNTED_AT_ONCE` of them. */
export async function deleteChunks(tx: TenantTx, knowledgeBaseId: string, ids: readonly string[]): Promise<void> {
  await uncount(tx, knowledgeBaseId, ids);
  await tx.execute('DELETE FROM app.chunk WHERE tenant_id = $1 AND id = ANY($2::uuid[])', [tx.tenantId, ids]);
}

async function uncount(tx: TenantTx, knowledgeBaseId: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const [, row] = await Promise.all([
    tx.execute(BY_KEY_SQL),
    tx.one<{ unused: string[] | null }>(
      `WITH marked AS (
         UPDATE app.chunk SET counted = false WHERE tenant_id = $1 AND id = ANY($3::uuid[]) AND counted RETURNING id
       ),${ADD_SQL('-')}
       SELECT array_agg(stat.term) AS unused FROM stat WHERE stat.df <= 0`,
      [tx.tenantId, knowledgeBaseId, ids],
    ),
  ]);
  const unused = row?.unused ?? [];
  if (unused.length === 0) return;
  await tx.execute(
    `DELETE FROM app.term_stat stat USING unnest($3::text[]) AS unused (term)
     WHERE stat.tenant_id = $1 AND stat.knowledge_base_id = $2 AND stat.term = unused.term COLLATE "C" AND stat.df <= 0`,
    [tx.tenantId, knowledgeBaseId, unused],
  );
}
