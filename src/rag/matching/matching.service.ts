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
import { type Facts, scoreMatch } from './match-score.js';
import { MatchingRepository } from './matching.repository.js';
import { profileText } from './profile-text.js';

export interface MatchRequest {
  readonly knowledgeBaseId: string;
  /** What the caller is or seeks: plain JSON. */
  readonly profile: Facts;
  /** The message, for the part of the score that compares meanings. */
  readonly text?: string;
  /** What counts; absent: the knowledge base's own (`settings.criteria`), else the meaning alone. */
  readonly criteria?: unknown;
  /** Over the criteria's own weights, by label or kind. */
  readonly weights?: Readonly<Record<string, unknown>>;
  readonly filters?: MatchFilter;
  /** 1–50; 5 unless told. */
  readonly limit?: number;
  /** Told when the profile could not be embedded and fields alone are compared. */
  readonly onFieldsOnly?: () => void;
}

/** The record's own fields, under them what the match says. */
export interface MatchItem {
  /** The record's own id, else the document's. */
  readonly id: string;
  readonly document_id: string;
  readonly title: string;
  /** 0–1. */
  readonly score: number;
  readonly reasons: readonly string[];
  readonly [field: string]: unknown;
}

/** Records that are scored one by one; of a larger base the nearest by meaning. */
const MOST_SCORED = 1000;
const MOST = 50;
const USUAL = 5;

/** Scores the records of a knowledge base against a profile. Knows no domain: the criteria say which fields count, and how. */
@Injectable()
export class MatchingService {
  constructor(
    private readonly records: MatchingRepository,
    private readonly bases: KnowledgeBaseCache,
    private readonly llm: LlmService,
    private readonly settings: TenantSettingsCache,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly renewal: SpaceRenewal,
  ) {}

  /**
   * @param metered whose account the profile's embedding goes to
   * @returns best first; nothing for a base that is not the tenant's
   * @throws SearchProviderError when a configured embedding provider fails, unless the tenant chose to degrade;
   *   UnavailableError when the database is away; the signal's reason when it is aborted
   */
  async match(
    ctx: RequestContext,
    request: MatchRequest,
    signal: AbortSignal,
    metered: MeteredCall,
  ): Promise<MatchItem[]> {
    signal.throwIfAborted();
    const [base] = await this.bases.get(ctx, [request.knowledgeBaseId]);
    if (base === undefined) return [];
    this.renewal.begin(ctx, base);
    const criteria = withWeights(criteriaOf(request, base), request.weights ?? {});
    const vector = await this.embed(ctx, base, { ...request, metered }, signal);
    const found = await this.records.candidates(ctx, base.id, vector, MOST_SCORED);
    signal.throwIfAborted();
    const limit = Math.min(MOST, Math.max(1, Math.trunc(request.limit ?? USUAL)));
    return found
      .filter(({ record }) => passesFilters(record, request.filters ?? {}))
      .map(({ documentId, record, similarity, title }): MatchItem => {
        const { reasons, score } = scoreMatch(request.profile, record, similarity, criteria);
        const id = typeof record['id'] === 'string' ? record['id'] : documentId;
        return { ...record, id, document_id: documentId, title, score: Math.round(score * 1000) / 1000, reasons };
      })
      .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }

  private async embed(
    ctx: RequestContext,
    base: KnowledgeBase,
    { metered, onFieldsOnly, profile, text }: MatchRequest & { readonly metered: MeteredCall },
    signal: AbortSignal,
  ): Promise<{ spaceId: string; values: Float32Array } | null> {
    const about = profileText(profile, base.settings.textFields ?? [], text ?? '');
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
