import { loadConfig, type LlmProvider } from '#platform/config';
import type { TenantSettingsCache } from '#tenants';
import { OpenAiStandIn } from '../../test/support/openai-standin.js';
import type { LlmUsage } from './llm-usage.js';
import { LlmService } from './llm.service.js';

const tenant = { tenantId: '00000000-0000-7000-8000-000000000001' };
const never = new AbortController().signal;
const untold = (): void => undefined;
const request = { purpose: 'answer', messages: [{ role: 'user', content: 'Hello nonce:svc' }] } as const;

describe('LlmService', () => {
  let standIn: OpenAiStandIn;
  let service: LlmService;

  const start = (env: Record<string, string>): LlmService => (service = new LlmService(loadConfig(env)));
  beforeAll(async () => {
    standIn = await OpenAiStandIn.start();
  });
  afterEach(async () => {
    await service.onApplicationShutdown();
    standIn.reset();
  });
  afterAll(() => standIn.stop());

  it('has no chat model without a provider, and says that it is degraded', async () => {
    start({});
    expect(await service.chatModel(tenant)).toBeNull();
    expect(service.info()).toEqual({ provider: 'offline', model: 'offline', degraded: true, structured: false });
    expect(service.embedder().space).toEqual({ provider: 'local', model: 'hash-v2', dimensions: 384 });
  });

  it('echoes, without structured output', async () => {
    start({ LLM_PROVIDER: 'echo' });
    const model = await service.chatModel(tenant);
    let text = '';
    await model?.stream(request, (piece) => (text += piece), never, untold);
    expect(text).toBe('Hello nonce:svc');
    expect(service.info()).toMatchObject({ provider: 'echo', degraded: false, structured: false });
  });

  it.each(['fast', 'langchain'])('talks to a compatible server without a key, with the %s reader', async (reader) => {
    start({ OPENAI_BASE_URL: standIn.url, LLM_STREAM_READER: reader });
    const model = await service.chatModel(tenant);
    const told: LlmUsage[] = [];
    const result = await model?.stream(
      request,
      () => undefined,
      never,
      (usage) => told.push(usage),
    );
    expect(result?.text).toContain('nonce:svc');
    expect(told).toEqual([expect.objectContaining({ model: 'gpt-4o-mini', costUsd: null })]);
    expect(standIn.calls[0]?.headers.authorization).toBeUndefined();
    expect(service.info()).toMatchObject({ provider: 'openai', degraded: false, structured: true });
  });

  describe('with a tenant’s own choice', () => {
    type Choice = { provider?: LlmProvider; model?: string };
    const choosing = (
      env: Record<string, string>,
      llm: Choice,
      { models = null, maxTokens = null }: { models?: string[] | null; maxTokens?: number | null } = {},
    ): LlmService => {
      const ceilings = { models, maxTokens };
      const settings = { get: () => Promise.resolve({ llm, ceilings }) } as unknown as TenantSettingsCache;
      return (service = new LlmService(loadConfig(env), undefined, settings));
    };

    it('sends the tenant’s model to the operator’s provider, and keeps it', async () => {
      choosing({ OPENAI_BASE_URL: standIn.url, LLM_MODEL: 'house' }, { model: 'gpt-tenant' });
      const model = await service.chatModel(tenant);
      await model?.stream(request, () => undefined, never, untold);
      expect(standIn.calls.map(({ body }) => body.model)).toEqual(['gpt-tenant']);
      expect(await service.chatModel(tenant)).toBe(model);
    });

    it.each<[Choice, { provider: string; model: string } | null]>([
      [{}, { provider: 'openai', model: 'house' }],
      [{ provider: 'groq' }, { provider: 'groq', model: 'llama-3.1-8b-instant' }],
      [{ provider: 'offline' }, null],
      [{ provider: 'echo' }, { provider: 'echo', model: 'echo' }],
    ])('serves %j', async (choice, expected) => {
      choosing({ OPENAI_BASE_URL: standIn.url, LLM_MODEL: 'house', GROQ_API_KEY: 'gsk_x' }, choice);
      const model = await service.chatModel(tenant);
      expect(model === null ? null : { provider: model.provider, model: model.model }).toEqual(expected);
    });

    it.each<[Choice, string[], { provider: string; model: string } | null]>([
      [{ model: 'dear' }, ['cheap'], { provider: 'openai', model: 'cheap' }],
      [{ model: 'dear' }, ['house', 'cheap'], { provider: 'openai', model: 'house' }],
      [{ model: 'dear' }, ['openai/dear'], { provider: 'openai', model: 'dear' }],
      [{ model: 'dear' }, ['*'], { provider: 'openai', model: 'dear' }],
      [{}, ['cheap'], { provider: 'openai', model: 'cheap' }],
      [{}, ['groq/llama', 'org/cheap'], { provider: 'openai', model: 'org/cheap' }],
      [{}, [], null],
      [{ provider: 'groq', model: 'dear' }, ['groq/llama'], { provider: 'groq', model: 'llama' }],
    ])('serves %j within the list %j, whatever the settings say', async (choice, models, expected) => {
      choosing({ OPENAI_BASE_URL: standIn.url, LLM_MODEL: 'house', GROQ_API_KEY: 'gsk_x' }, choice, { models });
      const model = await service.chatModel(tenant);
      expect(model === null ? null : { provider: model.provider, model: model.model }).toEqual(expected);
    });

    it('sends nothing to another provider than the chosen one, which has no model on the list any more', async () => {
      choosing({ OPENAI_BASE_URL: standIn.url, GROQ_API_KEY: 'gsk_x' }, { provider: 'groq' }, { models: ['cheap'] });
      await expect(service.chatModel(tenant)).rejects.toMatchObject({ code: 'LLM_ERROR', retryable: false });
    });

    it('asks for no longer an answer than the ceiling allows', async () => {
      choosing({ OPENAI_BASE_URL: standIn.url }, {}, { maxTokens: 50 });
      const model = await service.chatModel(tenant);
      await model?.stream({ ...request, maxTokens: 4000 }, () => undefined, never, untold);
      await model?.stream(request, () => undefined, never, untold);
      await model?.stream({ ...request, maxTokens: 20 }, () => undefined, never, untold);
      expect(standIn.calls.map(({ body }) => body['max_tokens'])).toEqual([50, 50, 20]);
    });

    it('asks nobody else when the chosen provider is not there any more', async () => {
      choosing({ OPENAI_BASE_URL: standIn.url }, { provider: 'groq' });
      await expect(service.chatModel(tenant)).rejects.toMatchObject({ code: 'LLM_ERROR', retryable: false });
    });
  });

  it('embeds locally with a compatible server, and through it when told to', () => {
    start({ OPENAI_BASE_URL: standIn.url });
    expect(service.embedder().space.provider).toBe('local');
    start({ OPENAI_BASE_URL: standIn.url, EMBEDDINGS_PROVIDER: 'openai', EMBEDDINGS_MODEL: 'nomic-embed-text' });
    expect(service.embedder().space).toEqual({ provider: 'openai', model: 'nomic-embed-text', dimensions: 768 });
  });

  it('uses OpenAI’s large embedding model with OpenAI’s own key', () => {
    start({ OPENAI_API_KEY: 'sk-x' });
    expect(service.embedder().space).toEqual({ provider: 'openai', model: 'text-embedding-3-large', dimensions: 3072 });
  });

  it('works with a Groq key alone', () => {
    start({ GROQ_API_KEY: 'gsk_x' });
    expect(service.info()).toMatchObject({ provider: 'groq', degraded: false });
    expect(service.embedder().space.provider).toBe('local');
  });

  it('still embeds into the space a knowledge base was built in', () => {
    start({ OPENAI_API_KEY: 'sk-x' });
    for (const space of [
      { provider: 'local', model: 'hash-v2', dimensions: 384 },
      { provider: 'openai', model: 'text-embedding-3-small', dimensions: 512 },
      { provider: 'transformers', model: 'Xenova/all-MiniLM-L6-v2', dimensions: 384 },
    ]) {
      expect(service.embedderFor(space).space).toEqual(space);
    }
  });

  it.each([
    { provider: 'openai', model: 'text-embedding-3-large', dimensions: 3072 },
    { provider: 'local', model: 'hash-v1', dimensions: 384 },
    { provider: 'cohere', model: 'embed-v4', dimensions: 1536 },
  ])('says what to do about a space that it cannot serve any more ($provider $model)', (space) => {
    start({});
    expect(() => service.embedderFor(space)).toThrow(/configure it again, or rebuild/);
  });
});
