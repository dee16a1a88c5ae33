import type { RequestContext } from '#platform/context';
import { CTX, ScriptedModel, SETTINGS } from '../../../test/support/agent-fakes.js';
import { AgentRuntime, type RuntimeDependencies } from './agent-runtime.js';

const estimate = (model: ScriptedModel | null, embedding?: number) => {
  const reckon = (_ctx: RequestContext, question: string) => Promise.resolve(question === '' ? 0 : (embedding ?? 0));
  const dependencies: Pick<RuntimeDependencies, 'embeddings' | 'llm' | 'settings'> = {
    settings: { get: () => Promise.resolve(SETTINGS) },
    llm: { chatModel: () => Promise.resolve(model), reckon: (_model, input, output) => (input + output) / 1e6 },
    ...(embedding === undefined ? {} : { embeddings: { reckon } }),
  };
  return new AgentRuntime(dependencies as RuntimeDependencies).estimate(CTX, 'where is my order?');
};

describe('what a turn may come to', () => {
  it('is nothing where nobody is paid', async () => {
    expect(await estimate(null)).toBeNull();
    expect(await estimate(null, 0)).toBeNull();
    expect(await estimate(new ScriptedModel({ provider: 'echo' }), 0)).toBeNull();
  });

  it('is what its embeddings cost where only they do, so that a budget of nothing refuses it', async () => {
    for (const model of [null, new ScriptedModel({ provider: 'echo' })]) {
      expect(await estimate(model, 0.01)).toEqual({ tokens: expect.any(Number), usd: 0.03 });
    }
  });

  it('is both where both are paid', async () => {
    const alone = await estimate(new ScriptedModel());
    const both = await estimate(new ScriptedModel(), 0.01);
    expect(both?.usd).toBeCloseTo((alone?.usd ?? 0) + 0.03, 10);
    expect(both?.tokens).toBeGreaterThan(alone?.tokens ?? 0);
  });
});
