import { ExpiryService } from '#platform/expiry';
import { Injectable } from '@nestjs/common';

const KEPT_SECONDS = 180 * 24 * 3600;

/** A browser that has not come for half a year is not known again. */
@Injectable()
export class VisitorExpiry {
  constructor(expiry: ExpiryService) {
    expiry.register({
      name: 'visitors',
      table: 'app.visitor',
      key: ['id'],
      afterSeconds: KEPT_SECONDS,
      tenants: 'app.tenants_of_old_visitors',
      condition: 'last_seen_at < now() - make_interval(secs => $2)',
    });
  }
}
