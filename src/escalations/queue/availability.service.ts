import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { LRUCache } from 'lru-cache';
import type { Availability } from '../model/presence.js';
import { PresenceRepository } from '../store/presence.repository.js';
import { QueueNews } from './queue-news.js';

/** A request counts as being there, once in this time. */
const SEEN_EVERY_MS = 20_000;

/** Whether somebody takes conversations, how many, and of which kind. */
@Injectable()
export class AvailabilityService {
  private readonly seenLately = new LRUCache<string, true>({ max: 10_000, ttl: SEEN_EVERY_MS });

  constructor(
    private readonly uow: UnitOfWork,
    private readonly presence: PresenceRepository,
    private readonly news: QueueNews,
  ) {}

  get(ctx: RequestContext): Promise<Availability> {
    return this.uow.run(ctx, (tx) => this.presence.find(tx, ctx.principal.id));
  }

  /** What is absent stays as it was. */
  async put(ctx: RequestContext, change: Partial<Availability>): Promise<Availability> {
    const { id } = ctx.principal;
    const stored = await this.uow.run(ctx, async (tx) => {
      const current = await this.presence.find(tx, id);
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      await this.presence.put(tx, id, { ...current, ...given });
      return this.presence.find(tx, id);
    });
    // Somebody came, or left: those who wait are told another time.
    await this.news.moved(ctx);
    return stored;
  }

  /** A supporter without a socket is there as long as requests come. */
  async seen(ctx: RequestContext): Promise<void> {
    const key = `${ctx.tenantId}/${ctx.principal.id}`;
    if (this.seenLately.has(key)) return;
    this.seenLately.set(key, true);
    await this.uow.run(ctx, (tx) => this.presence.seen(tx, [ctx.principal.id]));
  }
}
