import { ExpiryService } from '#platform/expiry';
import { Injectable } from '@nestjs/common';

const KEPT_SECONDS = 180 * 24 * 3600;
/** Sessions go with a principal. */
const PRINCIPALS_AT_ONCE = 200;

/** As `visitor_due_idx` has it. @param row an `app.visitor` */
const notKnownAgain = (row: string) =>
  `CASE WHEN ${row}.widget_id IS NULL THEN timestamptz '-infinity' ELSE ${row}.last_seen_at END
    < now() - make_interval(secs => $2)`;

/**
 * A browser that has not come for half a year, or whose widget is gone, is not known again. With nothing said there is
 * nothing left of it; whoever wrote stays as the tenant's record of who it was.
 */
@Injectable()
export class VisitorExpiry {
  constructor(expiry: ExpiryService) {
    expiry.register({
      name: 'visitors without conversations',
      table: 'app.principal',
      key: ['id'],
      afterSeconds: KEPT_SECONDS,
      tenants: 'app.tenants_of_old_visitors',
      condition: `kind = 'visitor' AND EXISTS (
          SELECT 1 FROM app.visitor v WHERE v.tenant_id = principal.tenant_id AND v.id = principal.id
            AND ${notKnownAgain('v')})
        AND NOT EXISTS (
          SELECT 1 FROM app.conversation c WHERE c.tenant_id = principal.tenant_id AND c.principal_id = principal.id)`,
      batch: PRINCIPALS_AT_ONCE,
    });
    // Never of one who goes with the principal above: nothing would find that principal again.
    expiry.register({
      name: 'visitors',
      table: 'app.visitor',
      key: ['id'],
      afterSeconds: KEPT_SECONDS,
      tenants: 'app.tenants_of_old_visitors',
      condition: `${notKnownAgain('visitor')} AND EXISTS (
          SELECT 1 FROM app.conversation c WHERE c.tenant_id = visitor.tenant_id AND c.principal_id = visitor.id)`,
    });
  }
}
