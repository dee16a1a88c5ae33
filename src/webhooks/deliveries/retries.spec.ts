import { MOST_ATTEMPTS, retryAfterMs, waitAfter } from './retries.js';

const HOUR = 3600_000;

describe('the tries of a delivery', () => {
  it('come after 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h, and then no more', () => {
    const waits = Array.from({ length: MOST_ATTEMPTS }, (_, tries) => waitAfter(tries + 1, null, () => 0));
    expect(waits).toEqual([5000, 300_000, 1_800_000, ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR), null]);
  });

  it('are spread by a fifth', () => {
    expect(waitAfter(1, null, () => 1)).toBe(6000);
  });

  it('wait as long as the server asks for, but no less and not for ever', () => {
    expect(waitAfter(1, 60_000, () => 0)).toBe(60_000);
    expect(waitAfter(2, 1000, () => 0)).toBe(300_000);
    expect(waitAfter(1, 400 * HOUR, () => 0)).toBe(24 * HOUR * 1.2);
  });

  it('read Retry-After as seconds or a date', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(retryAfterMs('120', now)).toBe(120_000);
    expect(retryAfterMs('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_000);
    expect(retryAfterMs('Wed, 31 Dec 2025 00:01:00 GMT', now)).toBe(0);
    expect(retryAfterMs('soon', now)).toBeNull();
    expect(retryAfterMs(undefined, now)).toBeNull();
  });
});
