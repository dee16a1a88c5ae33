import type { TenantTx } from '#platform/database';
import { Injectable } from '@nestjs/common';

/** What is on its way to a webhook. */
@Injectable()
export class OpenDeliveries {
  /** Ends all of it, with the reason on each: it can be sent again by hand. */
  async giveUp(tx: TenantTx, webhookId: string, reason: string): Promise<void> {
    await tx.execute(
      `UPDATE app.webhook_delivery
          SET status = 'failed', error = $3, next_attempt_at = NULL, ended_at = clock_timestamp()
        WHERE tenant_id = $1 AND webhook_id = $2 AND status IN ('held', 'pending')`,
      [tx.tenantId, webhookId, reason],
    );
  }
}
