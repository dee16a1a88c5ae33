import { ExpiryService } from '#platform/expiry';
import { DEFAULT_TRACES_DAYS, TenantSettingsCache } from '#tenants';
import { Injectable } from '@nestjs/common';

const DAY_SECONDS = 24 * 3600;

/** What tools were asked and answered is for finding out why an answer was given. A tenant may say another time. */
@Injectable()
export class ToolCallExpiry {
  constructor(expiry: ExpiryService, settings: TenantSettingsCache) {
    expiry.register({
      name: 'tool calls',
      table: 'app.tool_call',
      key: ['id'],
      afterSeconds: DEFAULT_TRACES_DAYS * DAY_SECONDS,
      tenants: 'app.tenants_of_old_tool_calls',
      ofTenant: async (scope) => (await settings.get(scope)).retention.tracesDays * DAY_SECONDS,
      condition: 'started_at < now() - make_interval(secs => $2)',
    });
  }
}
