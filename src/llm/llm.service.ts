import { Injectable, type OnApplicationShutdown, Optional } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { AppConfig, type LlmProvider } from '#platform/config';
import { type TenantScope } from '#platform/context';
import { TenantSettingsCache } from '#tenants';
import { BoundedChatModel } from './bounded.chat-model.js';
import { type ChatModel } from './chat-model.port.js';
import { EchoChatModel } from './echo.chat-model.js';
import { type Embedder, type EmbeddingSpace } from './embedder.port.js';
import { CachedEmbedder } from './embedding.cache.js';
import { LangChainChatModel, loadLangChain } from './langchain.chat-model.js';
import { EndpointPace } from './endpoint-pace.js';
import { EmbedderUnavailableError } from './llm.errors.js';
import { LocalEmbedder } from './local.embedder.js';
import { chooseModel } from './model-choice.js';
import { OpenAiEmbedder } from './openai.embedder.js';
import { OpenAiWireChatModel } from './openai-wire.chat-model.js';
import { type CallDeadlines, ProviderConnection, type ProviderEndpoint } from './provider-connection.js';
import { dollars, type PriceOverlay, readOverlay, reckonedPriceOf } from './prices/prices.js';
import { ProviderWatch } from './provider-watch.js';
import { TransformersEmbedder } from './transformers.embedder.js';

const OPENAI_URL = 'https://api.openai.com/v1';
const GROQ_URL = 'https://api.groq.com/openai/v1';

export interface LlmInfo {
  readonly provider: string;
  readonly model: string;
  /** True without a model: routing, extraction and answers come from the offline ports. */
  readonly degraded: boolean;
  /** Whether `ChatModel.structured` works; without it agents route and extract offline and only write with the model. */
  readonly structured: boolean;
}

/** Models of one process, the operator's included; a tenant that tries many leaves no more behind. */
const MOST_MODELS = 200;

/** Which model serves whom: the tenant's choice among the operator's providers, else the operator's own. */
@Injectable()
export class LlmService implements OnApplicationShutdown {
  /** Not closed when forgotten: a call may be using it, and a pool without calls closes its sockets itself. */
  private readonly connections = new LRUCache<string, ProviderConnection>({ max: MOST_MODELS });
  private readonly embedders = new Map<string, Embedder>();
  /** By base URL: all models of an endpoint share its limits. */
  private readonly paces = new Map<string, EndpointPace>();
  private readonly models = new LRUCache<string, ChatModel>({ max: MOST_MODELS });
  private readonly operatorModel: ChatModel | null;
  private readonly prices: PriceOverlay;

  /**
   * @param watch is told how calls end; absent only where the service is made by hand
   * @param settings what tenants have chosen; without it the operator's model serves all
   */
  constructor(
    private readonly config: AppConfig,
    @Optional() private readonly watch?: ProviderWatch,
    @Optional() private readonly settings?: TenantSettingsCache,
  ) {
    this.prices = readOverlay(config.env.LLM_PRICES_FILE);
    this.operatorModel = this.modelOf(config.llmProvider, config.llmModel);
    // Loaded while nobody waits: the first question would pay some 300 ms for it.
    if (this.config.llmProvider !== 'offline' && this.config.llmProvider !== 'echo') void loadLangChain();
  }

  /**
   * The model that answers for this tenant, within its ceilings; null when there is none and the offline ports answer.
   * @throws LlmError when the tenant has chosen a provider that the operator has since taken away: another one might not
   *   be allowed to see what its people write
   */
  async chatModel(tenant: TenantScope): Promise<ChatModel | null> {
    if (this.settings === undefined) return this.operatorModel;
    const settings = await this.settings.get(tenant);
    const chosen = chooseModel(this.config, settings);
    const model = chosen === null ? null : this.modelOf(chosen.provider, chosen.model);
    const { maxTokens } = settings.ceilings;
    return model === null || maxTokens === null ? model : new BoundedChatModel(model, maxTokens);
  }

  /** What a budget reckons that so many tokens of this model cost, in US dollars. */
  reckon(
    { model, provider }: Pick<ChatModel, 'model' | 'provider'>,
    inputTokens: number,
    outputTokens: number,
  ): number {
    if (provider === 'echo') return 0;
    // The list is looked through by the model's name alone; only the overlay knows better.
    return dollars(reckonedPriceOf({ baseUrl: OPENAI_URL, model, overlay: this.prices }), inputTokens, outputTokens);
  }

  /** The embedder for what is built from now on. */
  embedder(): Embedder {
    const { embeddingsProvider, env } = this.config;
    switch (embeddingsProvider) {
      case 'local':
        return this.kept('local', () => new LocalEmbedder());
      case 'transformers':
        return this.kept(`transformers:${env.EMBEDDINGS_MODEL}`, () => new TransformersEmbedder(env.EMBEDDINGS_MODEL));
      case 'openai':
        return this.openAiEmbedder(env.EMBEDDINGS_MODEL ?? 'text-embedding-3-large');
    }
  }

  /**
   * The embedder of an existing space: a knowledge base keeps the space that it was built in.
   * @throws EmbedderUnavailableError when this process cannot embed into it any more
   */
  embedderFor(space: EmbeddingSpace): Embedder {
    const embedder = this.embedderOf(space);
    if (embedder === null) throw unavailable(space);
    const { provider, model, dimensions } = embedder.space;
    if (provider !== space.provider || model !== space.model || dimensions !== space.dimensions)
      throw unavailable(space);
    return embedder;
  }

  info(): LlmInfo {
    const provider = this.config.llmProvider;
    const degraded = provider === 'offline';
    return { provider, model: this.config.llmModel, degraded, structured: !degraded && provider !== 'echo' };
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.connections.values()].map((connection) => connection.close()));
    this.connections.clear();
  }

  private embedderOf(space: EmbeddingSpace): Embedder | null {
    switch (space.provider) {
      case 'local':
        return this.kept('local', () => new LocalEmbedder());
      case 'transformers':
        return this.kept(`transformers:${space.model}`, () => new TransformersEmbedder(space.model));
      case 'openai':
        return this.hasOpenAi() ? this.openAiEmbedder(space.model, space.dimensions) : null;
      default:
        return null;
    }
  }

  private openAiEmbedder(model: string, dimensions?: number): Embedder {
    return this.kept(`openai:${model}:${dimensions ?? ''}`, () => {
      const connection = this.connect({ ...this.openAiEndpoint(), model });
      return new OpenAiEmbedder(connection, dimensions, this.paceOf(connection.endpoint.baseUrl));
    });
  }

  private paceOf(baseUrl: string): EndpointPace {
    let pace = this.paces.get(baseUrl);
    if (pace === undefined) this.paces.set(baseUrl, (pace = new EndpointPace()));
    return pace;
  }

  private kept(key: string, make: () => Embedder): Embedder {
    let embedder = this.embedders.get(key);
    if (embedder === undefined) this.embedders.set(key, (embedder = new CachedEmbedder(make())));
    return embedder;
  }

  private modelOf(provider: LlmProvider, model: string): ChatModel | null {
    const key = `${provider} ${model}`;
    const known = this.models.get(key);
    if (known !== undefined) return known;
    const built = this.buildChatModel(provider, model);
    if (built === null) return null;
    this.models.set(key, built);
    return built;
  }

  private buildChatModel(provider: LlmProvider, model: string): ChatModel | null {
    const endpoint = this.chatEndpoint(provider, model);
    if (endpoint === null) return provider === 'echo' ? new EchoChatModel() : null;
    const connection = this.connect(endpoint);
    const langChain = new LangChainChatModel(connection);
    return this.config.env.LLM_STREAM_READER === 'fast' ? new OpenAiWireChatModel(connection, langChain) : langChain;
  }

  /** null: no remote provider. */
  private chatEndpoint(provider: LlmProvider, model: string): ProviderEndpoint | null {
    const { env } = this.config;
    switch (provider) {
      case 'openai':
        return { ...this.openAiEndpoint(), model };
      case 'groq':
        return { provider: 'groq', model, baseUrl: GROQ_URL, apiKey: env.GROQ_API_KEY ?? null };
      case 'ollama':
        return { provider: 'ollama', model, baseUrl: env.OLLAMA_BASE_URL, apiKey: null };
      case 'offline':
      case 'echo':
        return null;
    }
  }

  private openAiEndpoint(): Omit<ProviderEndpoint, 'model'> {
    const { OPENAI_API_KEY, OPENAI_BASE_URL } = this.config.env;
    return { provider: 'openai', baseUrl: OPENAI_BASE_URL ?? OPENAI_URL, apiKey: OPENAI_API_KEY ?? null };
  }

  private hasOpenAi(): boolean {
    const { OPENAI_API_KEY, OPENAI_BASE_URL } = this.config.env;
    return OPENAI_API_KEY !== undefined || OPENAI_BASE_URL !== undefined;
  }

  private connect(endpoint: ProviderEndpoint): ProviderConnection {
    const key = `${endpoint.baseUrl} ${endpoint.model}`;
    let connection = this.connections.get(key);
    if (connection === undefined) {
      connection = new ProviderConnection({ ...endpoint, overlay: this.prices }, this.deadlines(), (end) =>
        this.watch?.ended(end),
      );
      this.connections.set(key, connection);
    }
    return connection;
  }

  private deadlines(): CallDeadlines {
    const { env } = this.config;
    return {
      connectMs: env.LLM_CONNECT_TIMEOUT_MS,
      firstByteMs: env.LLM_FIRST_BYTE_TIMEOUT_MS,
      idleMs: env.LLM_IDLE_TIMEOUT_MS,
      totalMs: env.MAX_TURN_SECONDS * 1000,
    };
  }
}

function unavailable(space: EmbeddingSpace): EmbedderUnavailableError {
  return new EmbedderUnavailableError(
    `This knowledge base was embedded with ${space.provider} ${space.model} (${space.dimensions} dimensions), which is ` +
      'not configured any more: configure it again, or rebuild the knowledge base.',
  );
}
