import { isStaff, type RequestContext } from '#platform/context';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { KnowledgeBase } from '../knowledge-bases/knowledge-base.js';
import { MatchingRepository } from './matching.repository.js';
import { catalogOf, type RecordCatalog } from './record-catalog.js';

/** Records that the words are taken from; of more, the newest. */
const MOST_RECORDS = 3000;
const CAPACITY = 200;
/** A change shows with the base's counters; one that leaves them as they were (one record gone, one come) after this. */
const KEEP_MS = 60_000;
/** While a base is filled its counters are behind: then the words are read again soon. */
const KEEP_WHILE_FILLED_MS = 1_000;

/**
 * What each base of records is about, kept until the base changes: one query for each state of it and each persona that
 * sees records of its own.
 */
@Injectable()
export class RecordCatalogs {
  private readonly kept = new LRUCache<string, Promise<RecordCatalog>>({ max: CAPACITY, ttl: KEEP_MS });

  constructor(private readonly records: MatchingRepository) {}

  /** @throws UnavailableError when the database is away */
  of(ctx: RequestContext, base: KnowledgeBase): Promise<RecordCatalog> {
    const { chunkCount, documentCount, id, settings, updatedAt } = base;
    const seenBy = isStaff(ctx.principal) ? ['staff'] : ['persona', ctx.principal.persona];
    const key = JSON.stringify([ctx.tenantId, id, documentCount, chunkCount, updatedAt, ...seenBy]);
    const known = this.kept.get(key);
    if (known !== undefined) return known;
    const made = this.records.shared(ctx, id, MOST_RECORDS).then((records) => catalogOf(records, settings));
    this.kept.set(key, made);
    void made.then(
      ({ size }) => {
        const behind = size === 0 || size > documentCount;
        if (behind && this.kept.get(key) === made) this.kept.set(key, made, { ttl: KEEP_WHILE_FILLED_MS });
      },
      () => undefined,
    );
    // A failed read is not remembered.
    made.catch(() => {
      if (this.kept.get(key) === made) this.kept.delete(key);
    });
    return made;
  }
}
