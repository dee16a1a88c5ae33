import { ExpiryService } from '#platform/expiry';
import { Injectable } from '@nestjs/common';

/** A client that repeats a creation does so within minutes; a day is what it may rely on. */
const KEPT_SECONDS = 24 * 3600;

@Injectable()
export class IdempotencyExpiry {
  constructor(expiry: ExpiryService) {
    expiry.register({
      name: 'idempotency keys',
      table: 'app.idempotency_key',
      key: ['principal_id', 'key'],
      afterSeconds: KEPT_SECONDS,
      tenants: 'app.tenants_of_old_idempotency_keys',
      condition: 'created_at < now() - make_interval(secs => $2)',
    });
  }
}
