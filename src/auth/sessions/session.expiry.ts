import { ExpiryService } from '#platform/expiry';
import { Injectable } from '@nestjs/common';

/** After its end, so that somebody who looks into a copied token still finds the session that it belonged to. */
const KEPT_SECONDS = 30 * 24 * 3600;

@Injectable()
export class SessionExpiry {
  constructor(expiry: ExpiryService) {
    expiry.register({
      name: 'sessions',
      table: 'app.session',
      key: ['id'],
      afterSeconds: KEPT_SECONDS,
      tenants: 'app.tenants_of_ended_sessions',
      condition: 'least(expires_at, revoked_at) < now() - make_interval(secs => $2)',
    });
  }
}
