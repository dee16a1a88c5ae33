import { LlmService, type MeteredCall } from '#llm';
import type { RequestContext } from '#platform/context';
import { LOGGER, type Logger } from '#platform/logging';
import { TenantSettingsCache } from '#tenants';
import { Inject, Injectable } from '@nestjs/common';
import type { KnowledgeBase } from '../knowledge-bases/knowledge-base.js';
import { KnowledgeBaseCache } from '../knowledge-bases/knowledge-base.cache.js';
import { SpaceRenewal } from '../knowledge-bases/space-renewal.js';
import { questionVector } from '../retrieval/question-vector.js';
import { BY_MEANING, matchCriteria, type MatchCriterion, withWeights } from './match-criteria.js';
import { type MatchFilter, passesFilters } from './match-filter.js';
import type { Facts } from './match-score.js';
import { MatchingRepository } from './matching.repository.js';
import { profileText } from './profile-text.js';
import type { RecordCatalog } from './record-catalog.js';
import { RecordCatalogs } from './record-catalogs.js';
import { type Matches, selectMatches } from './select-matches.js';
import { conditionsOf } from './wish-conditions.js';
import { byWordsOnly, isMeant, NO_WISHES, type Wishes } from './wishes.js';

export interface MatchRequest {
  readonly knowledgeBaseId: string;
  /** What the caller is or seeks: plain JSON. */
  readonly profile: Facts;
  /** The message, for the part of the score that compares meanings. */
  readonly text?: string;
  /** What was asked for; the profile orders what that leaves. */
  readonly wishes?: Wishes;
  /** What counts; absent: the knowledge base's own (`settings.criteria`), else the meaning alone. */
  readonly criteria?: unknown;
  /** Over the criteria's own weights, by label or kind. */
  readonly weights?: Readonly<Record<string, unknown>>;
  readonly filters?: MatchFilter;
  /** These alone, in their order, whatever they meet: they were shown before and are asked about now. */
  readonly documentIds?: readonly string[];
  /** These were shown before: others are asked for. */
  readonly except?: readonly string[];
  /** 1–50; 5 unless told. */
  readonly limit?: number;
  /** Told when the profile could not be embedded and fields alone are compared. */
  readonly onFieldsOnly?: () => void;
}

/** Records that are scored one by one; of a larger base those that meet most wishes, then the nearest by meaning. */
const MOST_SCORED = 1000;
const MOST = 50;
const USUAL = 5;

/** Scores the records of a knowledge base against a profile. Knows no domain: the criteria say which fields count, and how. */
@Injectable()
export class MatchingService {
  constructor(
    private readonly records: MatchingRepository,
    private readonly catalogs: RecordCatalogs,
    private readonly bases: KnowledgeBaseCache,
    private readonly llm: LlmService,
    private readonly settings: TenantSettingsCache,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly renewal: SpaceRenewal,
  ) {}

  /**
   * What the records are about that the caller may see.
   * @returns null for a base that is not the tenant's or is still empty
   * @throws UnavailableError when the database is away
   */
  async catalog(ctx: RequestContext, knowledgeBaseId: string): Promise<RecordCatalog | null> {
    const [base] = await this.bases.get(ctx, [knowledgeBaseId]);
    const catalog = base === undefined ? null : await this.catalogs.of(ctx, base);
    return catalog === null || catalog.size === 0 ? null : catalog;
  }

  /**
   * @param metered whose account the profile's embedding goes to
   * @returns best first; nothing for a base that is not the tenant's
   * @throws SearchProviderError when a configured embedding provider fails, unless the tenant chose to degrade;
   *   UnavailableError when the database is away; the signal's reason when it is aborted
   */
  async match(ctx: RequestContext, request: MatchRequest, signal: AbortSignal, metered: MeteredCall): Promise<Matches> {
    signal.throwIfAborted();
    const [base] = await this.bases.get(ctx, [request.knowledgeBaseId]);
    if (base === undefined) return { items: [], unmet: [] };
    this.renewal.begin(ctx, base);
    const criteria = withWeights(criteriaOf(request, base), request.weights ?? {});
    if (request.documentIds !== undefined) return this.again(ctx, base.id, { ...request, criteria });
    const vector = await this.embed(ctx, base, { ...request, metered }, signal);
    const said = request.wishes ?? NO_WISHES;
    const wishes = base.embedding.provider === 'local' || vector === null ? byWordsOnly(said) : said;
    const conditions = conditionsOf(wishes.wishes);
    const found = await this.records.candidates(ctx, base.id, { conditions, limit: MOST_SCORED, vector });
    signal.throwIfAborted();
    const limit = Math.min(MOST, Math.max(1, Math.trunc(wishes.count ?? request.limit ?? USUAL)));
    const passing = found.filter(({ record }) => passesFilters(record, request.filters ?? {}));
    return selectMatches(passing, { criteria, except: request.except ?? [], limit, profile: request.profile, wishes });
  }

  private async again(
    ctx: RequestContext,
    baseId: string,
    { criteria, documentIds = [], profile }: MatchRequest & { readonly criteria: readonly MatchCriterion[] },
  ): Promise<Matches> {
    const ids = documentIds.slice(0, MOST);
    const found = await this.records.byIds(ctx, baseId, ids);
    const { items } = selectMatches(found, { criteria, limit: MOST, profile, wishes: NO_WISHES });
    return { items: ids.flatMap((id) => items.find(({ document_id }) => document_id === id) ?? []), unmet: [] };
  }

  private async embed(
    ctx: RequestContext,
    base: KnowledgeBase,
    { metered, onFieldsOnly, profile, text, wishes }: MatchRequest & { readonly metered: MeteredCall },
    signal: AbortSignal,
  ): Promise<{ spaceId: string; values: Float32Array } | null> {
    const stated = (wishes?.wishes ?? []).filter(({ not }) => !not);
    // Who says what is sought is not compared with what the profile is about.
    const own = stated.some((wish) => wish.role === 'topic' || isMeant(wish)) ? {} : profile;
    const words = [...stated.map(({ said }) => said), text ?? ''].join(' ');
    const about = profileText(own, base.settings.textFields ?? [], words.trim());
    if (about === '') return null;
    // A text of the records' kind, not a question about them.
    const question = {
      base,
      text: about,
      kind: 'profile' as const,
      onFailure: 'as the tenant chose' as const,
      metered,
    };
    const { llm, logger, settings } = this;
    const values = await questionVector({ llm, settings, logger }, ctx, question, signal);
    if (values === null) onFieldsOnly?.();
    return values === null ? null : { spaceId: base.spaceId, values };
  }
}

/** Settings are a tenant's own words: what is no list of criteria counts as none. */
function criteriaOf(request: MatchRequest, base: KnowledgeBase): readonly MatchCriterion[] {
  return (
    matchCriteria.safeParse(request.criteria ?? request.weights?.['criteria']).data ??
    matchCriteria.safeParse(base.settings.criteria).data ??
    BY_MEANING
  );
}
