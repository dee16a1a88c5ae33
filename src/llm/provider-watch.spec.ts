import { loadConfig } from '#platform/config';
import type { HealthCheck, HealthService } from '#platform/health';
import { Metrics } from '#platform/metrics';
import { OpenAiStandIn } from '../../test/support/openai-standin.js';
import { LlmService } from './llm.service.js';
import { ProviderWatch } from './provider-watch.js';

/** How calls end is seen where they are made: against a provider that behaves badly on demand. */
describe('the watch over providers', () => {
  let standIn: OpenAiStandIn;
  beforeAll(async () => {
    standIn = await OpenAiStandIn.start();
  });
  afterAll(() => standIn.stop());

  function world(env: Record<string, string>) {
    const config = loadConfig(env);
    const metrics = new Metrics();
    const checks: HealthCheck[] = [];
    const health = { register: (check: HealthCheck) => checks.push(check) } as unknown as HealthService;
    const watch = new ProviderWatch(config, metrics, health);
    watch.onApplicationBootstrap();
    return {
      llm: new LlmService(config, watch),
      state: () => checks[0]?.check(AbortSignal.timeout(1000)),
      lines: async () => (await metrics.text()).split('\n').filter((line) => /^switchboard_provider_\w+\{/.test(line)),
    };
  }
  const ask = async (llm: LlmService, signal = AbortSignal.timeout(5000)): Promise<unknown> => {
    const model = await llm.chatModel({ tenantId: crypto.randomUUID() });
    const request = { purpose: 'answer' as const, messages: [{ role: 'user' as const, content: 'hello' }] };
    return model?.stream(
      request,
      () => undefined,
      signal,
      () => undefined,
    );
  };

  it('counts what was answered, refused and given up, and remembers the last', async () => {
    const { lines, llm, state } = world({ OPENAI_BASE_URL: standIn.url, OPENAI_API_KEY: 'sk-secret' });
    expect(await state()).toEqual({ provider: 'openai', configured: true });
    await ask(llm);
    expect(await state()).toMatchObject({ reachable: true, last_call_seconds: 0 });
    standIn.script({ fault: { kind: 'status', status: 401 } });
    await expect(ask(llm)).rejects.toMatchObject({ code: 'LLM_ERROR' });
    expect(await state()).toMatchObject({ reachable: false, reason: 'unauthorized', warning: expect.any(String) });
    standIn.reset();
    standIn.script({ fault: { kind: 'hang' } });
    await expect(ask(llm, AbortSignal.timeout(100))).rejects.toBeDefined();
    standIn.reset();
    expect(await lines()).toEqual([
      'switchboard_provider_calls_total{provider="openai",kind="chat",outcome="completed"} 1',
      'switchboard_provider_calls_total{provider="openai",kind="chat",outcome="failed"} 1',
      'switchboard_provider_calls_total{provider="openai",kind="chat",outcome="aborted"} 1',
      'switchboard_provider_errors_total{provider="openai",kind="chat",code="LLM_ERROR",reason="unauthorized"} 1',
    ]);
    await llm.onApplicationShutdown();
  });

  it('tells a provider that is away from one that refuses a request', async () => {
    const { llm, lines, state } = world({ OPENAI_BASE_URL: 'http://127.0.0.1:1/v1', OPENAI_API_KEY: 'sk-secret' });
    await expect(ask(llm)).rejects.toMatchObject({ code: 'LLM_ERROR' });
    expect(await state()).toMatchObject({ reachable: false, reason: 'broken' });
    // Asked twice, since it failed quickly.
    expect((await lines()).at(-1)).toMatch(/code="LLM_ERROR",reason="broken"\} 2$/);
    await llm.onApplicationShutdown();
  });

  it('has nothing to say where there is no provider', async () => {
    expect(await world({}).state()).toEqual({ provider: 'offline', configured: false });
  });
});
