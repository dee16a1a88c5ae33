import { type Embedder, LlmService, type MeteredCall, usageRow, type UsageRow } from '#llm';
import type { RequestContext } from '#platform/context';
import { asError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { SpendingLimits, TenantSettingsCache } from '#tenants';
import { Inject, Injectable } from '@nestjs/common';
import type { KnowledgeBase } from '../knowledge-bases/knowledge-base.js';
import { KnowledgeBaseCache } from '../knowledge-bases/knowledge-base.cache.js';
import { SpaceRenewal } from '../knowledge-bases/space-renewal.js';
import { lexicalText } from '../lexical/lexical-text.js';
import { textSearchConfig } from '../lexical/text-search-config.js';
import type { Passage, SearchRequest, SearchResult } from '../retrieval.types.js';
import { questionVector } from './question-vector.js';
import { RetrievalRepository, type SearchPlan } from './retrieval.repository.js';
import { hasVectorIndex } from './search.sql.js';

/** More of a question than this tells nothing more. */
const LONGEST_QUERY = 8000;
const MOST_PASSAGES = 50;
/** From here on the HNSW index is faster than comparing every vector. */
const LARGE = 20_000;
/** The vectors' share of the fused rank. The local embedder knows words only, and those the other half knows better. */
const WEIGHT_LOCAL = 0.15;
const WEIGHT_MODEL = 0.5;

/** Finds passages for a question: by its words and by its meaning, within what the caller may see. */
@Injectable()
export class RetrievalService {
  constructor(
    private readonly passages: RetrievalRepository,
    private readonly bases: KnowledgeBaseCache,
    private readonly llm: LlmService,
    private readonly settings: TenantSettingsCache,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly renewal: SpaceRenewal,
    private readonly spending: SpendingLimits,
  ) {}

  /**
   * Bases that are not the tenant's are passed over: they give nothing. When the question cannot be embedded and
   * the tenant (or the request) lets words alone answer, the result says so.
   * @param metered whose account the question's embedding goes to; absent: the caller's own, without a turn
   * @throws SearchProviderError when a configured embedding provider fails; QuotaExceededError when there is nothing left of
   *   the tenant's budget for it; UnavailableError when the database is away; the signal's reason when it is aborted
   */
  async search(
    ctx: RequestContext,
    request: SearchRequest,
    signal: AbortSignal,
    metered: MeteredCall = this.onOwnAccount(ctx),
  ): Promise<SearchResult> {
    signal.throwIfAborted();
    const query = request.query.slice(0, LONGEST_QUERY);
    const wanted = request.knowledgeBaseIds;
    const bases = wanted === 'all' ? await this.bases.allOfDocuments(ctx) : await this.bases.get(ctx, wanted);
    if (bases.length === 0 || query.trim() === '') return { passages: [], unread: 0, degraded: false };
    for (const base of bases) this.renewal.begin(ctx, base);
    const limit = await this.limitFor(ctx, request, bases);
    const words = lexicalText(query);
    const groups = bySpace(bases);
    const found = await Promise.all(
      groups.map((group) => this.searchSpace(ctx, { group, query, words, limit, request, metered }, signal)),
    );
    signal.throwIfAborted();
    return {
      passages: interleaved(found.map(({ passages }) => passages)).slice(0, limit),
      unread: found.reduce((sum, { unread = 0 }) => sum + unread, 0),
      degraded: found.some(({ degraded }) => degraded),
      embedderFailed: found.some(({ embedderFailed }) => embedderFailed === true),
    };
  }

  /**
   * What embedding a question may cost the tenant: in the dearest of its bases' spaces, and of the one that new bases are
   * built in. In US dollars, as budgets reckon; 0 where nobody is paid.
   */
  async reckon(ctx: RequestContext, question: string): Promise<number> {
    const text = question.slice(0, LONGEST_QUERY);
    const cost = (embedder: Embedder) => embedder.reckon([text], 'profile');
    const standing = (await this.bases.allOfDocuments(ctx)).map(({ embedding }) => {
      try {
        return cost(this.llm.embedderFor(embedding));
      } catch {
        // Not configured any more: nobody is asked.
        return 0;
      }
    });
    return Math.max(cost(this.llm.embedder()), ...standing);
  }

  /** For searches outside of turns: taken from the tenant's budget before, and put right after. */
  private onOwnAccount(ctx: RequestContext): MeteredCall {
    const metered = this.onAccount(ctx, null);
    return (call, reckonedUsd = 0) => this.spending.within(ctx, reckonedUsd, () => metered(call));
  }

  /** For searches that no turn's events tell of: writes down what was paid, also when the search fails. */
  onAccount(ctx: RequestContext, turnId: string | null): MeteredCall {
    return async (call) => {
      const rows: UsageRow[] = [];
      try {
        return await call((usage) => rows.push(usageRow({ purpose: 'retrieve', ...usage })));
      } finally {
        // Losing a line of the books is no reason to lose the search.
        await this.passages.recordUsage(ctx, turnId, rows).catch((error: unknown) => {
          this.logger.error({ err: asError(error), tenant_id: ctx.tenantId, rows }, 'a usage was not written down');
        });
      }
    };
  }

  /** Bases of one vector space; vectors of two are never compared. */
  private async searchSpace(
    ctx: RequestContext,
    search: {
      group: KnowledgeBase[];
      query: string;
      words: string;
      limit: number;
      request: SearchRequest;
      metered: MeteredCall;
    },
    signal: AbortSignal,
  ): Promise<SearchResult> {
    const { group, limit, metered, query, request, words } = search;
    const [first] = group;
    if (first === undefined) return { passages: [], unread: 0, degraded: false };
    const question = {
      base: first,
      text: query,
      kind: 'query' as const,
      onFailure: request.onEmbedderFailure ?? ('as the tenant chose' as const),
      metered,
    };
    const { llm, logger, settings } = this;
    const values = await questionVector({ llm, settings, logger }, ctx, question, signal);
    const large = group.reduce((sum, base) => sum + base.chunkCount, 0) >= LARGE;
    const plan: SearchPlan = {
      bases: group.map(({ id, language }) => ({ id, config: textSearchConfig(language) })),
      words,
      vector:
        values === null
          ? null
          : { spaceId: first.spaceId, values, approximate: large && hasVectorIndex(values.length) },
      vectorWeight: values === null ? 0 : weightOf(group),
      metadata: request.filter === undefined || Object.keys(request.filter).length === 0 ? null : request.filter,
      limit,
    };
    let { passages, unread } = await this.passages.search(ctx, plan);
    if (plan.vector?.approximate === true && passages.length < limit) {
      // The index gave up before it had enough that the caller may see.
      ({ passages, unread } = await this.passages.search(ctx, {
        ...plan,
        vector: { ...plan.vector, approximate: false },
      }));
    }
    const embedderFailed = values === null;
    return { passages, unread, degraded: embedderFailed || first.embedding.provider === 'local', embedderFailed };
  }

  private async limitFor(
    ctx: RequestContext,
    request: SearchRequest,
    bases: readonly KnowledgeBase[],
  ): Promise<number> {
    const own = request.topK ?? Math.max(0, ...bases.map(({ topK }) => topK ?? 0));
    const limit = own > 0 ? own : (await this.settings.get(ctx)).topK;
    return Math.min(MOST_PASSAGES, Math.max(1, Math.trunc(limit)));
  }
}

function bySpace(bases: readonly KnowledgeBase[]): KnowledgeBase[][] {
  const groups = new Map<string, KnowledgeBase[]>();
  for (const base of bases) groups.set(base.spaceId, [...(groups.get(base.spaceId) ?? []), base]);
  return [...groups.values()];
}

function weightOf(group: readonly KnowledgeBase[]): number {
  const [first] = group;
  const own = group.find(({ settings }) => settings.vectorWeight !== undefined)?.settings.vectorWeight;
  return own ?? (first?.embedding.provider === 'local' ? WEIGHT_LOCAL : WEIGHT_MODEL);
}

/** Scores of two spaces are not comparable: the best of each, then the second of each, and so on. */
function interleaved(lists: readonly (readonly Passage[])[]): Passage[] {
  const [only] = lists;
  if (lists.length === 1 && only !== undefined) return [...only];
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, place) => lists.flatMap((list) => list[place] ?? [])).flat();
}
