import type { TenantTx } from '#platform/database';

/** By digest: who it was is not kept. Of the id as well, which some tokens name. */
const DIGEST = (of: string) => `sha256(convert_to(${of}, 'UTF8'))`;

/** Remembers by what names tokens may know a person who ends now: older ones must not bring them back. */
export async function rememberEnded(tx: TenantTx, principalId: string): Promise<void> {
  await tx.execute(
    `INSERT INTO app.ended_identity (tenant_id, digest, ended_at)
     SELECT p.tenant_id, ${DIGEST('named.by')}, greatest(now(), p.claims_as_of)
     FROM app.principal p CROSS JOIN LATERAL (VALUES (p.external_id), (p.id::text)) named (by)
     WHERE p.tenant_id = $1 AND p.id = $2 AND named.by IS NOT NULL
     ON CONFLICT (tenant_id, digest) DO UPDATE SET ended_at = greatest(ended_identity.ended_at, EXCLUDED.ended_at)`,
    [tx.tenantId, principalId],
  );
}

/** When somebody of one of these external ids, or ids, was deleted last; null: never. */
export async function endedAt(tx: TenantTx, names: readonly string[]): Promise<Date | null> {
  const row = await tx.one<{ at: Date | null }>(
    `SELECT max(e.ended_at) AS at FROM unnest($2::text[]) named (by)
     JOIN app.ended_identity e ON e.tenant_id = $1 AND e.digest = ${DIGEST('named.by')}`,
    [tx.tenantId, names],
  );
  return row?.at ?? null;
}
