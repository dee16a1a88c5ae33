import type { SealedColumn } from '#platform/sealed';
import type { SealedFor } from '#platform/secrets';

/** What the sealed secret of a row belongs to, besides tenant and row. */
export const CREDENTIAL_PURPOSE = 'llm.credential';

export function credentialSealedFor(tenantId: string, rowId: string): SealedFor {
  return { tenantId, rowId, purpose: CREDENTIAL_PURPOSE };
}

/** For whoever replaces the key that seals. A lost secret leaves its credential, which tools may name. */
export const SEALED_CREDENTIALS: SealedColumn = {
  name: 'credentials',
  table: 'app.credential',
  column: 'sealed',
  key: { id: 'uuid' },
  tenants: 'app.tenants_of_credentials_sealed_otherwise',
  whenLost: 'empty',
  belongsTo: (tenantId, row) => credentialSealedFor(tenantId, row['id'] ?? ''),
};
