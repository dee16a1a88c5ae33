import { EventBus, NewsMissed } from '#platform/events';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { TenantChanged } from '../tenant.events.js';
import { TenantRepository } from '../tenant.repository.js';

const LIFETIME_MS = 30_000;
const MOST_ORIGINS = 2_000;

/** Whether some tenant serves this browser origin: asked before a socket's upgrade, when the tenant is not known yet. */
@Injectable()
export class OriginDirectory {
  private readonly answers = new LRUCache<string, Promise<boolean>>({ max: MOST_ORIGINS, ttl: LIFETIME_MS });

  constructor(
    private readonly tenants: TenantRepository,
    events: EventBus,
  ) {
    events.on(TenantChanged, () => this.answers.clear());
    events.on(NewsMissed, () => this.answers.clear());
  }

  isKnown(origin: string): Promise<boolean> {
    const answer = this.answers.get(origin);
    if (answer !== undefined) return answer;
    const known = this.tenants.isKnownOrigin(origin);
    this.answers.set(origin, known);
    known.catch(() => {
      if (this.answers.peek(origin) === known) this.answers.delete(origin);
    });
    return known;
  }
}
