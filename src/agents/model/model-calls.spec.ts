import { LlmError } from '#llm';
import { z } from 'zod';
import { ScriptedModel, usageIn } from '../../../test/support/agent-fakes.js';
import { ModelCalls } from './model-calls.js';
import type { TurnEvent } from '../turn/turn-event.js';
import { TurnUsage } from '../turn/turn-usage.js';

const never = new AbortController().signal;
const request = (purpose: 'grade' | 'answer') => ({ purpose, messages: [{ role: 'user' as const, content: 'q' }] });
const output = { name: 'grade', schema: z.object({ good: z.boolean() }) };

function calls(model: ScriptedModel) {
  const events: TurnEvent[] = [];
  const usage = new TurnUsage((event) => events.push(event));
  return { told: () => usageIn(events), usage, model: new ModelCalls(model, usage) };
}

it('tells each call with its purpose', async () => {
  const { model, told } = calls(new ScriptedModel({ structured: { grade: { good: true } } }));
  expect(await model.structured(request('grade'), output, never)).toEqual({ good: true });
  await model.stream(request('answer'), () => undefined, never);
  expect(told()).toEqual([
    expect.objectContaining({ purpose: 'grade', kind: 'chat', inputTokens: 10, outputTokens: 5, estimated: false }),
    expect.objectContaining({ purpose: 'answer', kind: 'chat' }),
  ]);
});

it('tells of a stream that broke off, and of an answer without a word, as it rejects', async () => {
  const broken = calls(new ScriptedModel({ stream: { answer: new LlmError({ detail: 'broke off' }) } }));
  await expect(broken.model.stream(request('answer'), () => undefined, never)).rejects.toThrow(LlmError);
  expect(broken.told()).toEqual([expect.objectContaining({ purpose: 'answer', estimated: true })]);
  const empty = calls(new ScriptedModel({ stream: { answer: ' ' } }));
  await expect(empty.model.stream(request('answer'), () => undefined, never)).rejects.toThrow(LlmError);
  expect(empty.told()).toHaveLength(1);
});

it('has nothing to wait for between calls, and waits for one that is under way', async () => {
  const { usage } = calls(new ScriptedModel());
  await usage.settled(10_000);
  let release: () => void = () => undefined;
  const call = usage.metered('answer')(() => new Promise<void>((resolve) => (release = resolve)));
  let settled = false;
  const waiting = usage.settled(10_000).then(() => (settled = true));
  await new Promise((next) => setTimeout(next, 20));
  expect(settled).toBe(false);
  release();
  await Promise.all([call, waiting]);
});
