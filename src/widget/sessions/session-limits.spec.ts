import { Limiters } from '#platform/limits';
import type { Widget, WidgetLimits } from '../widgets/widget.js';
import { SessionLimits } from './session-limits.js';

const NONE: WidgetLimits = { messagesPerMinute: null, sessionsPerAddressMinute: null, sessionsPerMinute: null };

/** How many of so many visitors a widget lets in within a minute. */
async function letIn(count: number, limits: Partial<WidgetLimits>, addressOf: (index: number) => string) {
  const widget = { id: 'w', limits: { ...NONE, ...limits } } as Widget;
  const sessions = new SessionLimits(new Limiters(null));
  const tries = Array.from({ length: count }, (_, index) => sessions.consume(widget, addressOf(index)));
  return (await Promise.allSettled(tries)).filter(({ status }) => status === 'fulfilled').length;
}

describe('a widget lets in', () => {
  const one = () => '10.0.0.1';
  const many = (index: number) => `10.0.${index >> 8}.${index & 255}`;

  it('sixty visitors a minute from one address', async () => {
    expect(await letIn(1000, {}, one)).toBe(60);
    expect(await letIn(100, { sessionsPerAddressMinute: 3 }, one)).toBe(3);
  });

  it('twelve hundred from all addresses', async () => {
    expect(await letIn(2000, {}, many)).toBe(1200);
    expect(await letIn(100, { sessionsPerMinute: 5 }, many)).toBe(5);
  });

  it('no more than that where the tenant asks for more', async () => {
    expect(await letIn(1000, { sessionsPerAddressMinute: 10_000 }, one)).toBe(60);
    expect(await letIn(2000, { sessionsPerMinute: 100_000 }, many)).toBe(1200);
  });

  it('others when one address is over its own', async () => {
    expect(await letIn(300, { sessionsPerMinute: 100 }, (index) => (index < 200 ? one() : many(index)))).toBe(100);
  });
});
