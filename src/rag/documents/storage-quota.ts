import type { TenantTx } from '#platform/database';
import { QuotaExceededError } from '#platform/errors';
import { Quotas } from '#tenants';
import { Injectable } from '@nestjs/common';
import { DocumentRepository } from './document.repository.js';

const MIB = 2 ** 20;

/** Documents and records together, in bytes as they came, beyond what the operator allows (`limits.storage_mb`). */
@Injectable()
export class StorageQuota {
  constructor(
    private readonly quotas: Quotas,
    private readonly documents: DocumentRepository,
  ) {
    quotas.countedBy('storage_mb', async (tx) => Number(inMib(await documents.storedBytes(tx))));
  }

  /**
   * Call it before the transaction writes anything.
   * @param bytes what is to be added
   * @throws QuotaExceededError when they do not fit
   */
  async assertRoom(tx: TenantTx, bytes: number): Promise<void> {
    const limit = await this.quotas.hold(tx, 'storage_mb');
    if (limit === null) return;
    const used = await this.documents.storedBytes(tx);
    if (used + bytes <= limit * MIB) return;
    throw new QuotaExceededError(
      `This tenant's documents use ${inMib(used)} of ${limit} MiB, and these ${inMib(bytes)} MiB do not fit: ` +
        'delete documents, or ask the operator for more',
    );
  }
}

function inMib(bytes: number): string {
  return (bytes / MIB).toFixed(2);
}
