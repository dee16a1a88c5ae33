import type { TenantScope } from '#platform/context';
import { EventBus, NewsMissed } from '#platform/events';
import { Injectable, Optional } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { KnowledgeBase } from './knowledge-base.js';
import { KnowledgeBaseChanged } from './knowledge-base.events.js';
import { KnowledgeBaseRepository } from './knowledge-base.repository.js';

const KEEP_MS = 15_000;
const CAPACITY = 2000;

const CHANGED = z
  .object({ tenantId: z.guid(), knowledgeBaseId: z.guid() })
  .transform(({ knowledgeBaseId, tenantId }) => new KnowledgeBaseChanged(tenantId, knowledgeBaseId));

/**
 * What a search must know of a knowledge base before it can ask the database (space, language, weights), so that a
 * search is one round trip. A change shows at once (`invalidate`), on other instances as soon as they hear of it, and nowhere
 * later than after 15 s. Counters in it are old.
 */
@Injectable()
export class KnowledgeBaseCache {
  private readonly entries = new LRUCache<string, KnowledgeBase>({ max: CAPACITY, ttl: KEEP_MS });
  /** Ids of each tenant's bases of documents. */
  private readonly listings = new LRUCache<string, Promise<readonly string[]>>({ max: CAPACITY, ttl: KEEP_MS });

  /** Rises with each change: what was read before one is not remembered after it. */
  private changes = 0;

  constructor(
    private readonly bases: KnowledgeBaseRepository,
    @Optional() private readonly events?: EventBus,
  ) {
    events?.share(KnowledgeBaseChanged, { name: 'knowledge_base.changed', schema: CHANGED });
    events?.on(KnowledgeBaseChanged, ({ knowledgeBaseId, tenantId }) => this.forget({ tenantId }, knowledgeBaseId));
    events?.on(NewsMissed, () => {
      this.changes++;
      this.entries.clear();
      this.listings.clear();
    });
  }

  /** Those of the ids that are this tenant's, in the order asked for. */
  async get(scope: TenantScope, ids: readonly string[]): Promise<KnowledgeBase[]> {
    const unique = [...new Set(ids)];
    const found = new Map<string, KnowledgeBase>();
    for (const id of unique) {
      const known = this.entries.get(keyOf(scope, id));
      if (known !== undefined) found.set(id, known);
    }
    const missing = unique.filter((id) => !found.has(id));
    if (missing.length > 0) {
      const { changes } = this;
      for (const base of await this.bases.findByIds(scope, missing)) {
        found.set(base.id, base);
        if (changes === this.changes) this.entries.set(keyOf(scope, base.id), base);
      }
    }
    return unique.flatMap((id) => found.get(id) ?? []);
  }

  /** Every base of documents that the tenant has. */
  async allOfDocuments(scope: TenantScope): Promise<KnowledgeBase[]> {
    const known = this.listings.get(scope.tenantId);
    if (known !== undefined) return this.get(scope, await known);
    // Remembered before it is read, so that a base made meanwhile takes it out again. A failed read is not remembered.
    const listing = this.bases.listDocumentBaseIds(scope);
    this.listings.set(scope.tenantId, listing);
    listing.catch(() => {
      if (this.listings.peek(scope.tenantId) === listing) this.listings.delete(scope.tenantId);
    });
    return this.get(scope, await listing);
  }

  /** After the base was made, changed or deleted. */
  invalidate(scope: TenantScope, id: string): void {
    this.forget(scope, id);
    void this.events?.publish(new KnowledgeBaseChanged(scope.tenantId, id));
  }

  private forget(scope: TenantScope, id: string): void {
    this.changes++;
    this.entries.delete(keyOf(scope, id));
    this.listings.delete(scope.tenantId);
  }
}

function keyOf(scope: TenantScope, id: string): string {
  return `${scope.tenantId}/${id}`;
}
