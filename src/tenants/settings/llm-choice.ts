import type { AppConfig, LlmProvider } from '#platform/config';
import { InvalidInputError } from '#platform/errors';
import type { StoredSettings } from './settings.schema.js';

/** What the operator sets to give access to a provider. */
const NEEDED: Readonly<Record<LlmProvider, string>> = {
  openai: 'OPENAI_API_KEY or OPENAI_BASE_URL',
  groq: 'GROQ_API_KEY',
  ollama: 'OLLAMA_BASE_URL',
  offline: 'LLM_PROVIDER=offline',
  echo: 'LLM_PROVIDER=echo',
};

/**
 * Refuses a choice of model that could not take effect on this server.
 * @throws InvalidInputError naming the member and what has to be done
 */
export function assertServable(config: AppConfig, llm: StoredSettings['llm']): void {
  if (llm === undefined) return;
  const { model, provider = config.llmProvider } = llm;
  if (!config.offersProvider(provider)) {
    throw new InvalidInputError(
      `llm.provider: this server has no access to ${provider}; its operator gives it with ${NEEDED[provider]}`,
      { field: 'llm.provider' },
    );
  }
  if (model !== undefined && (provider === 'offline' || provider === 'echo')) {
    throw new InvalidInputError(
      `llm.model: ${provider} has no models to choose from; set llm.provider to one that has, or leave llm.model out`,
      { field: 'llm.model' },
    );
  }
}

/** The provider and model that these settings are served by. */
export function servedBy(config: AppConfig, llm: StoredSettings['llm']): { provider: LlmProvider; model: string } {
  const { provider = config.llmProvider } = llm ?? {};
  return { provider, model: llm?.model ?? config.modelOf(provider) };
}
