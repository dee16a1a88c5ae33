import { randomBytes } from 'node:crypto';
import type { TenantScope } from '#platform/context';
import type { SealedColumn } from '#platform/sealed';
import { type SealedFor, SecretBox, SecretString } from '#platform/secrets';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';

const PREFIX = 'whsec_';
const SECRET_BYTES = 32;
/** How long the replaced secret signs as well, so that a server can change over without losing an event. */
const OVERLAP_MS = 24 * 3600 * 1000;

/** What is sealed: in one value, since both are replaced together. */
const sealedForm = z.object({
  secret: z.string(),
  previous: z.object({ secret: z.string(), until: z.number() }).nullable(),
});

export interface SealedSecrets {
  readonly sealed: Buffer;
  readonly last4: string;
}

/** The secrets that sign for a webhook, as its row holds them. */
@Injectable()
export class WebhookSecrets {
  constructor(private readonly box: SecretBox) {}

  /** Of the form that Standard Webhooks gives it: `whsec_` and base64. */
  make(): SecretString {
    return new SecretString(PREFIX + randomBytes(SECRET_BYTES).toString('base64'));
  }

  /** @param replaced what the row holds until now; its newest secret goes on signing for a day */
  seal(scope: TenantScope, id: string, secret: SecretString, replaced?: Buffer): SealedSecrets {
    const [newest] = replaced === undefined ? [] : this.signing(scope, id, replaced);
    const previous = newest === undefined ? null : { secret: newest.reveal(), until: Date.now() + OVERLAP_MS };
    const text = JSON.stringify({ secret: secret.reveal(), previous } satisfies z.infer<typeof sealedForm>);
    return { sealed: this.box.seal(text, webhookSealedFor(scope.tenantId, id)), last4: secret.last4 };
  }

  /**
   * The secrets that sign now, newest first.
   * @returns none when the key that sealed them was given up: rotating makes one
   */
  signing({ tenantId }: TenantScope, id: string, sealed: Buffer): SecretString[] {
    const text = this.box.open(sealed, webhookSealedFor(tenantId, id)).reveal();
    if (text === '') return [];
    const { previous, secret } = sealedForm.parse(JSON.parse(text));
    const valid = previous !== null && previous.until > Date.now() ? [secret, previous.secret] : [secret];
    return valid.map((value) => new SecretString(value));
  }
}

function webhookSealedFor(tenantId: string, rowId: string): SealedFor {
  return { tenantId, rowId, purpose: 'webhook.secrets' };
}

/** For whoever replaces the key that seals. A lost secret leaves its webhook: nothing is sent until it is rotated. */
export const SEALED_WEBHOOKS: SealedColumn = {
  name: 'webhook secrets',
  table: 'app.webhook',
  column: 'sealed',
  key: { id: 'uuid' },
  tenants: 'app.tenants_of_webhooks_sealed_otherwise',
  whenLost: 'empty',
  belongsTo: (tenantId, row) => webhookSealedFor(tenantId, row['id'] ?? ''),
};
