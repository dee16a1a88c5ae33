import type { TenantScope } from '#platform/context';
import { Injectable } from '@nestjs/common';
import type { KnowledgeBase } from './knowledge-base.js';
import { KnowledgeBaseRepository } from './knowledge-base.repository.js';

const KEEP_MS = 15_000;
const CAPACITY = 2000;

interface Listing {
  readonly ids: Promise<readonly string[]>;
  readonly until: number;
}

interface Entry {
  readonly base: KnowledgeBase;
  readonly until: number;
}

/**
 * What a search must know of a knowledge base before it can ask the database (space, language, weights), so that a
 * search is one round trip. Another instance's change is seen after 15 s; one made here at once. Counters in it are old.
 */
@Injectable()
export class KnowledgeBaseCache {
  private readonly entries = new Map<string, Entry>();
  private readonly listings = new Map<string, Listing>();

  constructor(private readonly bases: KnowledgeBaseRepository) {}

  /** Those of the ids that are this tenant's, in the order asked for. */
  async get(scope: TenantScope, ids: readonly string[]): Promise<KnowledgeBase[]> {
    const now = Date.now();
    const unique = [...new Set(ids)];
    const missing = unique.filter((id) => (this.entries.get(keyOf(scope, id))?.until ?? 0) <= now);
    const found = new Map<string, KnowledgeBase>();
    if (missing.length > 0) {
      for (const base of await this.bases.findByIds(scope, missing)) {
        found.set(base.id, base);
        this.entries.set(keyOf(scope, base.id), { base, until: now + KEEP_MS });
      }
      trim(this.entries);
    }
    return unique.flatMap((id) => {
      const base = found.get(id) ?? (missing.includes(id) ? undefined : this.entries.get(keyOf(scope, id))?.base);
      return base === undefined ? [] : [base];
    });
  }

  /** Every base of documents that the tenant has. */
  async allOfDocuments(scope: TenantScope): Promise<KnowledgeBase[]> {
    const now = Date.now();
    const known = this.listings.get(scope.tenantId);
    if (known !== undefined && known.until > now) return this.get(scope, await known.ids);
    // Remembered before it is read, so that a base made meanwhile takes it out again. A failed read is not remembered.
    const listing: Listing = { ids: this.bases.listDocumentBaseIds(scope), until: now + KEEP_MS };
    this.listings.set(scope.tenantId, listing);
    trim(this.listings);
    listing.ids.catch(() => {
      if (this.listings.get(scope.tenantId) === listing) this.listings.delete(scope.tenantId);
    });
    return this.get(scope, await listing.ids);
  }

  /** After the base was made, changed or deleted. */
  invalidate(scope: TenantScope, id: string): void {
    this.entries.delete(keyOf(scope, id));
    this.listings.delete(scope.tenantId);
  }
}

function keyOf(scope: TenantScope, id: string): string {
  return `${scope.tenantId}/${id}`;
}

function trim(entries: Map<string, unknown>): void {
  for (const key of entries.keys()) {
    if (entries.size <= CAPACITY) return;
    entries.delete(key);
  }
}
