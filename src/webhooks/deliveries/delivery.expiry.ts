import { ExpiryService } from '#platform/expiry';
import { Injectable } from '@nestjs/common';

const KEPT_SECONDS = 30 * 24 * 3600;

@Injectable()
export class DeliveryExpiry {
  constructor(expiry: ExpiryService) {
    expiry.register({
      name: 'webhook deliveries',
      table: 'app.webhook_delivery',
      key: ['id'],
      afterSeconds: KEPT_SECONDS,
      tenants: 'app.tenants_of_old_deliveries',
      condition: 'ended_at < now() - make_interval(secs => $2)',
    });
  }
}
