import type { TenantTx, UnitOfWork } from '#platform/database';
import { type SecretBox, SealedValueError } from '#platform/secrets';
import { type SealedColumn, type SealedRowKey, tenantsSql } from './sealed-column.js';

export interface ResealOptions {
  /** Gives up what none of the keys opens, instead of leaving it. */
  readonly discardLost?: boolean;
  /** Told after each transaction. */
  readonly progress?: (done: Resealed) => void;
}

/** Of one column. */
export interface Resealed {
  readonly name: string;
  readonly resealed: number;
  /** What none of the keys opens: left as it was, unless it was to be discarded. */
  readonly lost: number;
}

const TENANTS = 100;
const ROWS = 100;

interface Row {
  readonly sealed: Buffer;
  readonly sealed_key: Buffer;
  readonly row_key: SealedRowKey;
}

/**
 * Seals with the newest key whatever another key sealed, a hundred rows of one tenant a transaction. Each is opened by one
 * key or by the other at any moment, so it can be killed anywhere and run again, beside running servers that have both keys.
 */
export async function resealAll(
  work: UnitOfWork,
  box: SecretBox,
  columns: readonly SealedColumn[],
  options: ResealOptions = {},
): Promise<Resealed[]> {
  const results: Resealed[] = [];
  for (const column of columns) {
    let done: Resealed = { name: column.name, resealed: 0, lost: 0 };
    for await (const { lost, resealed } of batches(work, box, column, options)) {
      done = { name: column.name, resealed: done.resealed + resealed, lost: done.lost + lost };
      options.progress?.(done);
    }
    results.push(done);
  }
  return results;
}

type Batch = Pick<Resealed, 'resealed' | 'lost'>;
/** `last` where more may follow. */
type BatchOfRows = Batch & { readonly last: SealedRowKey | null };

async function* batches(
  work: UnitOfWork,
  box: SecretBox,
  column: SealedColumn,
  options: ResealOptions,
): AsyncGenerator<Batch> {
  const current = box.keyIds.slice(0, 1);
  let after: string | null = null;
  do {
    const tenants: { tenant_id: string }[] = await work.lookup(tenantsSql(column), [current, after, TENANTS]);
    for (const { tenant_id: tenantId } of tenants) {
      let last: SealedRowKey | null = null;
      do {
        const from: SealedRowKey | null = last;
        const batch: BatchOfRows = await work.run({ tenantId }, (tx) => resealBatch(tx, box, column, from, options));
        yield batch;
        last = batch.last;
      } while (last !== null);
    }
    after = tenants.at(-1)?.tenant_id ?? null;
  } while (after !== null);
}

async function resealBatch(
  tx: TenantTx,
  box: SecretBox,
  column: SealedColumn,
  last: SealedRowKey | null,
  options: ResealOptions,
): Promise<BatchOfRows> {
  const rows = await tx.query<Row>(selectSql(column), [
    tx.tenantId,
    box.keyIds[0],
    ...Object.keys(column.key).map((name) => last?.[name] ?? null),
  ]);
  const batch = { resealed: 0, lost: 0 };
  for (const { row_key: key, sealed } of rows) {
    const anew = sealedAnew(box, sealed, column, tx.tenantId, key);
    const values = Object.keys(column.key).map((name) => key[name] ?? '');
    if (anew !== null) batch.resealed += await tx.execute(updateSql(column), [tx.tenantId, ...values, anew]);
    else {
      batch.lost++;
      if (options.discardLost === true) await discard(tx, box, column, key, values);
    }
  }
  return { ...batch, last: rows.length < ROWS ? null : (rows.at(-1)?.row_key ?? null) };
}

async function discard(
  tx: TenantTx,
  box: SecretBox,
  column: SealedColumn,
  key: SealedRowKey,
  values: readonly string[],
): Promise<void> {
  const { tenantId } = tx;
  if (column.whenLost === 'delete') await tx.execute(deleteSql(column), [tenantId, ...values]);
  else await tx.execute(updateSql(column), [tenantId, ...values, box.seal('', column.belongsTo(tenantId, key))]);
}

/** Null when it does not open. */
function sealedAnew(
  box: SecretBox,
  sealed: Buffer,
  column: SealedColumn,
  tenantId: string,
  key: SealedRowKey,
): Buffer | null {
  const belongsTo = column.belongsTo(tenantId, key);
  try {
    return box.seal(box.open(sealed, belongsTo), belongsTo);
  } catch (error) {
    if (error instanceof SealedValueError) return null;
    throw error;
  }
}

/** $1 tenant · $2 the newest key's id · $3… the last row's key, or nulls. Locked, so that nobody changes it meanwhile. */
function selectSql({ column, key, table }: SealedColumn): string {
  const columns = Object.entries(key);
  const names = columns.map(([name]) => `t.${name}`).join(', ');
  const last = columns.map(([, type], at) => `$${at + 3}::${type}`);
  const [first] = last;
  const object = columns.map(([name]) => `'${name}', t.${name}::text`).join(', ');
  return `SELECT t.${column} AS sealed, t.sealed_key, jsonb_build_object(${object}) AS row_key FROM ${table} t
    WHERE t.tenant_id = $1 AND t.sealed_key <> $2 AND (${first} IS NULL OR (${names}) > (${last.join(', ')}))
    ORDER BY ${names} LIMIT ${ROWS} FOR UPDATE OF t`;
}

function updateSql({ column, key, table }: SealedColumn): string {
  return `UPDATE ${table} SET ${column} = $${Object.keys(key).length + 2} WHERE ${keyIs(key)}`;
}

function deleteSql({ key, table }: SealedColumn): string {
  return `DELETE FROM ${table} WHERE ${keyIs(key)}`;
}

function keyIs(key: SealedColumn['key']): string {
  return ['tenant_id', ...Object.keys(key)].map((name, at) => `${name} = $${at + 1}`).join(' AND ');
}
