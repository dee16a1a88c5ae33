import { EventBus, NewsMissed } from '#platform/events';
import { KnownOrigins } from '#platform/http';
import { patternsFor } from '#platform/origins';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { TenantChanged } from '../tenant.events.js';
import { TenantRepository } from '../tenant.repository.js';

const LIFETIME_MS = 30_000;
const MOST_ORIGINS = 2_000;

/**
 * Whether some tenant serves this browser origin: asked before a socket's upgrade and a page's preflight, when the tenant is
 * not known yet. Known and unknown ones are remembered apart, so that inventing origins pushes no real one out.
 */
@Injectable()
export class OriginDirectory extends KnownOrigins {
  private readonly known = new LRUCache<string, true>({ max: MOST_ORIGINS, ttl: LIFETIME_MS });
  private readonly unknown = new LRUCache<string, true>({ max: MOST_ORIGINS, ttl: LIFETIME_MS });
  private readonly asked = new Map<string, Promise<boolean>>();

  constructor(
    private readonly tenants: TenantRepository,
    events: EventBus,
  ) {
    super();
    events.on(TenantChanged, () => this.forget());
    events.on(NewsMissed, () => this.forget());
  }

  async isKnown(origin: string): Promise<boolean> {
    if (this.known.has(origin)) return true;
    const patterns = patternsFor(origin);
    if (patterns.length === 0 || this.unknown.has(origin)) return false;
    const running = this.asked.get(origin);
    if (running !== undefined) return running;
    const asked = this.tenants.isKnownOrigin(patterns);
    this.asked.set(origin, asked);
    try {
      const known = await asked;
      // Settings that changed meanwhile have emptied the list, and this answer may be older.
      if (this.asked.get(origin) === asked) (known ? this.known : this.unknown).set(origin, true);
      return known;
    } finally {
      if (this.asked.get(origin) === asked) this.asked.delete(origin);
    }
  }

  private forget(): void {
    this.known.clear();
    this.unknown.clear();
    this.asked.clear();
  }
}
