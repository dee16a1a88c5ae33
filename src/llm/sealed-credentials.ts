import type { SealedColumn } from '#platform/sealed';
import type { SealedFor } from '#platform/secrets';

/** What a credential's secret is sealed for: it opens in its own row and nowhere else. */
export function credentialSealedFor(tenantId: string, id: string): SealedFor {
  return { tenantId, rowId: id, purpose: 'llm.credential' };
}

/** For whoever replaces the key that seals. */
export const SEALED_CREDENTIALS: SealedColumn = {
  name: 'credentials',
  table: 'app.credential',
  column: 'sealed',
  key: { id: 'uuid' },
  tenants: 'app.tenants_of_credentials_sealed_otherwise',
  belongsTo: (tenantId, row) => credentialSealedFor(tenantId, row['id'] ?? ''),
};
