import { EndpointPace } from './endpoint-pace.js';
import { LlmError, LlmTimeoutError } from './llm.errors.js';

const never = new AbortController().signal;
const refusal = (retryAfterMs?: number): LlmError =>
  new LlmError({ detail: 'x', status: 429, transient: true, retryAfterMs });
const failing = (error: Error) => (): Promise<never> => Promise.reject(error);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('the pace of an endpoint', () => {
  it('is what the provider asks for', async () => {
    const pace = new EndpointPace();
    expect(pace.pauseMs()).toBe(0);
    await expect(pace.passages(failing(refusal(30_000)), never)).rejects.toThrow(LlmError);
    expect(pace.pauseMs()).toBeGreaterThan(29_000);
    expect(pace.pauseMs()).toBeLessThanOrEqual(30_000);
    expect(pace.reason).toContain('HTTP 429');
  });

  it('backs off by itself where the provider says nothing, and is bounded where it says too much', async () => {
    const pace = new EndpointPace();
    await pace.passages(failing(new LlmTimeoutError('first_byte', 1)), never).catch(() => undefined);
    expect(pace.pauseMs()).toBeGreaterThan(900);
    expect(pace.pauseMs()).toBeLessThan(1300);
    const other = new EndpointPace();
    await other.passages(failing(refusal(24 * 3600_000)), never).catch(() => undefined);
    expect(other.pauseMs()).toBeLessThanOrEqual(30 * 60_000);
  });

  it('does not change for what is refused for good', async () => {
    const pace = new EndpointPace();
    const refused = new LlmError({ detail: 'x', status: 400 });
    await expect(pace.passages(failing(refused), never)).rejects.toBe(refused);
    expect(pace.pauseMs()).toBe(0);
  });

  it('lets two batches through at once, the others in their order, and waiting ones give up', async () => {
    const pace = new EndpointPace();
    let running = 0;
    let most = 0;
    const order: number[] = [];
    const batch = (n: number) => async (): Promise<void> => {
      most = Math.max(most, ++running);
      order.push(n);
      await pause(10);
      running--;
    };
    const abort = new AbortController();
    const all = [0, 1, 2, 3, 4].map((n) => pace.passages(batch(n), never));
    const given = pace.passages(batch(9), abort.signal);
    abort.abort(new Error('gave up'));
    await expect(given).rejects.toThrow('gave up');
    await Promise.all(all);
    expect([most, order]).toEqual([2, [0, 1, 2, 3, 4]]);
  });

  it('never keeps a question waiting, and steps aside while one is under way', async () => {
    const pace = new EndpointPace();
    await pace.passages(failing(refusal(60_000)), never).catch(() => undefined);
    const started = performance.now();
    await pace.query(() => Promise.resolve());
    expect(performance.now() - started).toBeLessThan(50);

    const free = new EndpointPace();
    const order: string[] = [];
    const question = free.query(async () => {
      await pause(60);
      order.push('question');
    });
    await free.passages(async () => void order.push('passages'), never);
    await question;
    expect(order).toEqual(['question', 'passages']);
  });

  it('slows passages when a question is told to come back later', async () => {
    const pace = new EndpointPace();
    await pace.query(failing(refusal(5000))).catch(() => undefined);
    expect(pace.pauseMs()).toBeGreaterThan(4000);
  });
});
