import { type Embedder, type EmbeddingSpace, LlmService, LocalEmbedder, type UsageRow, usageRow } from '#llm';
import type { TenantScope } from '#platform/context';
import { SpendingLimits } from '#tenants';
import { asError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import type { KnowledgeBase } from './knowledge-base.js';
import { KnowledgeBaseCache } from './knowledge-base.cache.js';
import { KnowledgeBaseRepository } from './knowledge-base.repository.js';
import { SpaceRenewalRepository } from './space-renewal.repository.js';

/** Passages embedded, and vectors stored or deleted, in one step: some ten milliseconds. */
const AT_ONCE = 64;
const DELETED_AT_ONCE = 1000;

export interface Space {
  readonly spaceId: string;
  readonly space: EmbeddingSpace;
}

/**
 * Brings a knowledge base that an older version of the local embedder has embedded into today's space. Its vectors would not
 * fit today's questions, and nobody has to be paid for new ones:
 *
 *   new vectors beside the old ones, some at a time ─▶ the base points to the new space ─▶ the old ones are deleted
 *
 * Begun by whoever meets such a base first. A search does not wait: words alone answer until the switch. A document that
 * comes in does. Instances that do it at the same time do each other's work; what dies half-way is begun again.
 */
@Injectable()
export class SpaceRenewal {
  private readonly underWay = new Map<string, Promise<Space | null>>();

  constructor(
    private readonly bases: KnowledgeBaseRepository,
    private readonly cache: KnowledgeBaseCache,
    private readonly vectors: SpaceRenewalRepository,
    private readonly llm: LlmService,
    private readonly spending: SpendingLimits,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Begins it where it is due, and returns at once. */
  begin(scope: TenantScope, base: Pick<KnowledgeBase, 'embedding' | 'id'>): void {
    if (LocalEmbedder.successorOf(base.embedding) === null) return;
    this.renewed(scope, base.id).catch((error: unknown) => {
      const about = { tenant_id: scope.tenantId, knowledge_base_id: base.id };
      this.logger.warn(
        { err: asError(error), ...about },
        'a base stays in an old vector space; the next search tries again',
      );
    });
  }

  /**
   * The base's space, when it is one of today's.
   * @returns null when the base is gone
   * @throws UnavailableError when the database is away
   */
  renewed(scope: TenantScope, baseId: string): Promise<Space | null> {
    const key = `${scope.tenantId}/${baseId}`;
    const known = this.underWay.get(key);
    if (known !== undefined) return known;
    const run = this.renew({ tenantId: scope.tenantId }, baseId).finally(() => this.underWay.delete(key));
    this.underWay.set(key, run);
    return run;
  }

  private async renew(scope: TenantScope, baseId: string): Promise<Space | null> {
    const base = await this.bases.findById(scope, baseId);
    if (base === null) return null;
    const space = LocalEmbedder.successorOf(base.embedding);
    if (space === null) return { spaceId: base.spaceId, space: base.embedding };
    const spaceId = await this.vectors.ensureSpace(scope, space);
    const passages = await this.embedAll(scope, baseId, { spaceId, space });
    await this.vectors.switchSpace(scope, baseId, { from: base.spaceId, to: spaceId });
    this.cache.invalidate(scope, baseId);
    let deleted = DELETED_AT_ONCE;
    while (deleted === DELETED_AT_ONCE) {
      deleted = await this.vectors.deleteVectors(scope, baseId, base.spaceId, DELETED_AT_ONCE);
    }
    const about = { tenant_id: scope.tenantId, knowledge_base_id: baseId, passages };
    this.logger.info(
      { ...about, from: base.embedding.model, to: space.model },
      'a base has moved to a new vector space',
    );
    return { spaceId, space };
  }

  private async embedded(
    scope: TenantScope,
    embedder: Embedder,
    texts: readonly string[],
  ): Promise<readonly Float32Array[]> {
    const usage: UsageRow[] = [];
    try {
      // There is nothing to abort.
      const { signal } = new AbortController();
      return await embedder.embed(texts, 'passage', signal, (used) =>
        usage.push(usageRow({ purpose: 'ingest', ...used })),
      );
    } finally {
      await this.vectors.recordUsage(scope, usage).catch((error: unknown) => {
        this.logger.error({ err: asError(error), ...scope, usage }, 'a usage was not written down');
      });
    }
  }

  /** @returns how many passages were embedded */
  private async embedAll(scope: TenantScope, baseId: string, { space, spaceId }: Space): Promise<number> {
    const embedder = this.llm.embedderFor(space);
    let passages = 0;
    for (let after: string | null = null; ;) {
      const batch = await this.vectors.passagesWithout(scope, { baseId, spaceId, after, limit: AT_ONCE });
      if (batch.length === 0) return passages;
      const texts = batch.map(({ text }) => text);
      // The local embedder asks nobody, and nothing is paid; one that did would be paid for like any other.
      const vectors = await this.spending.within(scope, embedder.reckon(texts, 'passage'), () =>
        this.embedded(scope, embedder, texts),
      );
      const rows = batch.flatMap(({ id }, index) => {
        const vector = vectors[index];
        return vector === undefined ? [] : [{ id, vector }];
      });
      await this.vectors.insertVectors(scope, { baseId, spaceId, dimensions: space.dimensions }, rows);
      passages += rows.length;
      after = batch.at(-1)?.id ?? null;
      // People who chat come first.
      await pause(1);
    }
  }
}
