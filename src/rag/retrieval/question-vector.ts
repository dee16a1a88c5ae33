import type { Embedder, LlmService, MeteredCall } from '#llm';
import type { RequestContext } from '#platform/context';
import { asError, QuotaExceededError } from '#platform/errors';
import type { Logger } from '#platform/logging';
import type { TenantSettingsCache } from '#tenants';
import type { KnowledgeBase } from '../knowledge-bases/knowledge-base.js';
import { SearchProviderError } from '../rag.errors.js';

/** What happens when the embedding provider fails: as the tenant's settings say, or always on without vectors. */
export type OnEmbedderFailure = 'as the tenant chose' | 'go on';

export interface QuestionVectorSources {
  readonly llm: Pick<LlmService, 'embedderFor'>;
  readonly settings: Pick<TenantSettingsCache, 'get'>;
  readonly logger: Logger;
}

export interface Question {
  readonly base: KnowledgeBase;
  readonly text: string;
  readonly kind: 'query' | 'profile';
  readonly onFailure: OnEmbedderFailure;
  /** Whose account it goes to, also when it fails. */
  readonly metered: MeteredCall;
}

/**
 * The vector of what is looked for.
 * @returns null when the search has to do without: nothing is configured for the base's space any more, or the provider
 *   failed, or the account has nothing left, and the tenant rather has half a search than none (`on_provider_failure: degrade`)
 * @throws SearchProviderError when a configured provider fails; QuotaExceededError when the account has nothing left; the signal's reason when it is aborted
 */
export async function questionVector(
  { llm, logger, settings }: QuestionVectorSources,
  ctx: RequestContext,
  { base, kind, metered, onFailure, text }: Question,
  signal: AbortSignal,
): Promise<Float32Array | null> {
  const about = { tenant_id: ctx.tenantId, knowledge_base_id: base.id };
  let embedder: Embedder;
  try {
    embedder = llm.embedderFor(base.embedding);
  } catch (error) {
    logger.warn(
      { err: asError(error), ...about },
      'no embedder for this base is configured; searching without vectors',
    );
    return null;
  }
  try {
    const [vector] = await metered(
      (onUsage) => embedder.embed([text], kind, signal, onUsage),
      embedder.reckon([text], kind),
    );
    if (vector?.length === base.embedding.dimensions) return vector;
    throw new Error(`the embedder gave ${vector?.length ?? 'no'} of ${base.embedding.dimensions} dimensions`);
  } catch (error) {
    signal.throwIfAborted();
    const goesOn = onFailure === 'go on' || (await settings.get(ctx)).onProviderFailure === 'degrade';
    if (!goesOn) throw error instanceof QuotaExceededError ? error : new SearchProviderError(error);
    logger.warn({ err: asError(error), ...about }, 'the question could not be embedded; searching without vectors');
    return null;
  }
}
