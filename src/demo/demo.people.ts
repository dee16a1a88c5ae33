import { DeskService, escalationRules, RulesService } from '#escalations';
import type { RequestContext } from '#platform/context';
import { ConflictError } from '#platform/errors';
import { Injectable } from '@nestjs/common';
import type { DemoTenant } from './demo-tenant.types.js';

/** What the demo's supporters find on their first day: rules, and words that are ready. */
@Injectable()
export class DemoPeople {
  constructor(
    private readonly rules: RulesService,
    private readonly desk: DeskService,
  ) {}

  /** Again it makes what is missing. */
  async ensure(ctx: RequestContext, { people }: DemoTenant): Promise<void> {
    if (people === undefined) return;
    await this.rules.put(ctx, escalationRules.parse(people.rules));
    for (const reply of people.cannedReplies.toReversed()) {
      await this.desk.addCannedReply(ctx, reply).catch((error: unknown) => {
        if (!(error instanceof ConflictError)) throw error;
      });
    }
  }
}
