import { ExpiryService } from '#platform/expiry';
import { Injectable } from '@nestjs/common';

/** What was handed on is of use only for finding out what happened last week. */
const KEPT_SECONDS = 7 * 24 * 3600;

@Injectable()
export class OutboxExpiry {
  constructor(expiry: ExpiryService) {
    expiry.register({
      name: 'processed events',
      table: 'app.outbox',
      key: ['id'],
      afterSeconds: KEPT_SECONDS,
      tenants: 'app.tenants_of_processed_events',
      condition: 'processed_at < now() - make_interval(secs => $2)',
    });
  }
}
