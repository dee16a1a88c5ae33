import type { RequestContext } from '#platform/context';
import { seesAsStaff } from '#platform/http';
import { inSlices } from '#platform/event-loop';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { KnowledgeBase } from '../knowledge-bases/knowledge-base.js';
import { MatchingRepository } from './matching.repository.js';
import { readingCatalog, type RecordCatalog } from './record-catalog.js';

/** Records that the words are taken from; of more, the newest. */
const MOST_RECORDS = 3000;
const CAPACITY = 200;
/** A change shows with the base's counters; one that leaves them as they were (one record gone, one come) after this. */
const TRUSTED_MS = 60_000;
/** While a base is filled its counters are behind: then its records are looked at again soon. */
const TRUSTED_WHILE_FILLED_MS = 1_000;

interface Known {
  readonly state: string;
  readonly catalog: RecordCatalog;
}

/**
 * What each base of records is about, kept until its records change: one reading for each state of it and each persona that
 * sees records of its own. Whether they changed is asked for now and then; that costs a short query.
 */
@Injectable()
export class RecordCatalogs {
  private readonly trusted = new LRUCache<string, Promise<Known>>({ max: CAPACITY, ttl: TRUSTED_MS });
  private readonly made = new LRUCache<string, Known>({ max: CAPACITY });

  constructor(private readonly records: MatchingRepository) {}

  /** @throws UnavailableError when the database is away */
  async of(ctx: RequestContext, base: KnowledgeBase): Promise<RecordCatalog> {
    const { chunkCount, documentCount, id, settings, updatedAt } = base;
    const seenBy = seesAsStaff(ctx.principal, 'knowledge.read') ? ['staff'] : ['persona', ctx.principal.persona];
    const key = JSON.stringify([ctx.tenantId, id, documentCount, chunkCount, updatedAt, ...seenBy]);
    const trusted = this.trusted.get(key);
    if (trusted !== undefined) return (await trusted).catalog;
    // What the base is called by, and how its records are read; not how many there are.
    const place = JSON.stringify([ctx.tenantId, id, settings, ...seenBy]);
    const known = this.current(ctx, base, place);
    this.trusted.set(key, known);
    known.then(
      ({ catalog: { size } }) => {
        const behind = size === 0 || size > documentCount;
        if (behind && this.trusted.get(key) === known) this.trusted.set(key, known, { ttl: TRUSTED_WHILE_FILLED_MS });
      },
      () => {
        // A failed read is not remembered.
        if (this.trusted.get(key) === known) this.trusted.delete(key);
      },
    );
    return (await known).catalog;
  }

  private async current(ctx: RequestContext, { id, settings }: KnowledgeBase, place: string): Promise<Known> {
    // Before the records: what changes in between shows the next time.
    const state = await this.records.sharedState(ctx, id, MOST_RECORDS);
    const before = this.made.get(place);
    if (before?.state === state) return before;
    const records = await this.records.shared(ctx, id, MOST_RECORDS);
    const known = { state, catalog: await inSlices(readingCatalog(records, settings)) };
    this.made.set(place, known);
    return known;
  }
}
