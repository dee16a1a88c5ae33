import type { AppConfig, LlmProvider } from '#platform/config';
import { allowsModel, type TenantSettings } from '#tenants';
import { LlmError } from './llm.errors.js';

const PROVIDERS: readonly LlmProvider[] = ['openai', 'groq', 'ollama'];

export interface ChosenModel {
  readonly provider: LlmProvider;
  readonly model: string;
}

/**
 * The model that serves a tenant: its own choice among those that it may use, else the operator's, else the first that it
 * may use. A choice that is not allowed any more falls back within its provider: another one might not be allowed to see
 * what the tenant's people write.
 * @returns null when the tenant may use no model: the offline ports answer
 * @throws LlmError when the tenant has chosen a provider that cannot serve it any more
 */
export function chooseModel(
  config: AppConfig,
  { ceilings, llm }: Pick<TenantSettings, 'ceilings' | 'llm'>,
): ChosenModel | null {
  const { provider = config.llmProvider } = llm;
  if (!config.offersProvider(provider)) {
    throw unavailable(`the tenant's settings name ${provider}, which is not configured here any more`);
  }
  if (provider === 'offline' || provider === 'echo') return { provider, model: provider };
  const wanted = llm.model === undefined ? [] : [llm.model];
  for (const model of [...wanted, config.modelOf(provider)]) {
    if (allowsModel(ceilings, provider, model)) return { provider, model };
  }
  for (const name of ceilings.models ?? []) {
    const model = modelNamed(config, name, provider);
    if (model !== null) return { provider, model };
  }
  if (llm.provider === undefined) return null;
  throw unavailable(`the tenant's settings name ${provider}, of which it may use no model any more`);
}

/** What an entry of the list means to a provider; a bare name is a model of the operator's own. */
function modelNamed(config: AppConfig, name: string, provider: LlmProvider): string | null {
  if (name.startsWith(`${provider}/`)) return name.slice(provider.length + 1);
  // Gateways have models with a slash in their names; one of our providers' names before it is that provider's.
  const isOfAnother = PROVIDERS.some((other) => name.startsWith(`${other}/`));
  return provider === config.llmProvider && !isOfAnother ? name : null;
}

function unavailable(detail: string): LlmError {
  return new LlmError({ detail, retryable: false });
}
