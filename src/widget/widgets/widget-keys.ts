import { randomBytes } from 'node:crypto';
import { isUuid } from '#platform/database';
import type { SealedColumn } from '#platform/sealed';
import { type SealedFor, SecretString } from '#platform/secrets';

const PREFIX = 'pk_';

/** `pk_<tenant id>_<random>`: it says where to look. Not a secret. */
export function newPublicKey(tenantId: string): string {
  return `${PREFIX}${tenantId}_${randomBytes(12).toString('base64url')}`;
}

/** Null when it does not have the form of a key. */
export function tenantOfPublicKey(key: string): string | null {
  const tenantId = key.slice(PREFIX.length, PREFIX.length + 36);
  if (!key.startsWith(PREFIX) || key[PREFIX.length + 36] !== '_' || key.length > 100) return null;
  return isUuid(tenantId) ? tenantId.toLowerCase() : null;
}

/** What the site's server signs identities with (HS256). */
export function newIdentitySecret(): SecretString {
  return new SecretString(`ws_${randomBytes(32).toString('base64url')}`);
}

export function identitySealedFor(tenantId: string, rowId: string): SealedFor {
  return { tenantId, rowId, purpose: 'widget.identity' };
}

/** For whoever replaces the key that seals. A lost secret leaves its widget: identities fail until it is rotated. */
export const SEALED_WIDGETS: SealedColumn = {
  name: 'widget secrets',
  table: 'app.widget',
  column: 'sealed',
  key: { id: 'uuid' },
  tenants: 'app.tenants_of_widgets_sealed_otherwise',
  whenLost: 'empty',
  belongsTo: (tenantId, row) => identitySealedFor(tenantId, row['id'] ?? ''),
};
