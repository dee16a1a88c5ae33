import type { TenantScope } from '#platform/context';
import { Injectable } from '@nestjs/common';
import type { KnowledgeBase } from './knowledge-base.js';
import { KnowledgeBaseRepository } from './knowledge-base.repository.js';

const KEEP_MS = 15_000;
const CAPACITY = 2000;

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
      this.trim();
    }
    return unique.flatMap((id) => {
      const base = found.get(id) ?? (missing.includes(id) ? undefined : this.entries.get(keyOf(scope, id))?.base);
      return base === undefined ? [] : [base];
    });
  }

  invalidate(scope: TenantScope, id: string): void {
    this.entries.delete(keyOf(scope, id));
  }

  private trim(): void {
    for (const key of this.entries.keys()) {
      if (this.entries.size <= CAPACITY) return;
      this.entries.delete(key);
    }
  }
}

function keyOf(scope: TenantScope, id: string): string {
  return `${scope.tenantId}/${id}`;
}
