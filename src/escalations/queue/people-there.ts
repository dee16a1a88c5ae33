import { Injectable } from '@nestjs/common';
import type { TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { PresenceRepository } from '../store/presence.repository.js';
import { OpeningHours } from './opening-hours.js';

/** Whether a person could answer now: the tenant is open, and somebody is there. */
@Injectable()
export class PeopleThere {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly hours: OpeningHours,
    private readonly presence: PresenceRepository,
  ) {}

  async areThere(scope: TenantScope): Promise<boolean> {
    if (!(await this.hours.areOpen(scope))) return false;
    return (await this.uow.run(scope, (tx) => this.presence.workforce(tx, null))).online > 0;
  }
}
