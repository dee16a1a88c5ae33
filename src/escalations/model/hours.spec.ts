import { type Hours, isOpenAt } from './hours.js';

const MADRID: Hours = {
  time_zone: 'Europe/Madrid',
  week: [
    { day: 'mon', from: '09:00', to: '14:00' },
    { day: 'mon', from: '16:00', to: '19:00' },
    { day: 'sun', from: '02:00', to: '03:30' },
    { day: 'fri', from: '18:00', to: '24:00' },
  ],
};
const at = (time: string) => isOpenAt(MADRID, new Date(time));

describe('opening hours', () => {
  it('are by the wall clock there, with a break, in summer and in winter', () => {
    expect(at('2026-01-12T08:00:00Z')).toBe(true);
    expect(at('2026-01-12T07:59:00Z')).toBe(false);
    expect(at('2026-07-13T07:00:00Z')).toBe(true);
    expect(at('2026-07-13T06:59:00Z')).toBe(false);
    expect(at('2026-01-12T13:00:00Z')).toBe(false);
    expect(at('2026-01-12T15:00:00Z')).toBe(true);
    expect(at('2026-01-13T08:00:00Z')).toBe(false);
  });

  it('last until midnight, and not beyond', () => {
    expect(at('2026-01-16T22:59:00Z')).toBe(true);
    expect(at('2026-01-16T23:00:00Z')).toBe(false);
  });

  it('know the night that is an hour shorter, and the one that is longer', () => {
    // 29 March 2026: 01:59 is followed by 03:00. 25 October: 02:30 comes twice.
    expect(at('2026-03-29T00:59:00Z')).toBe(false);
    expect(at('2026-03-29T01:00:00Z')).toBe(true);
    expect(at('2026-03-29T01:30:00Z')).toBe(false);
    expect(at('2026-10-25T00:30:00Z')).toBe(true);
    expect(at('2026-10-25T01:30:00Z')).toBe(true);
    expect(at('2026-10-25T02:30:00Z')).toBe(false);
  });

  it('are none where no day is named', () => {
    expect(isOpenAt({ time_zone: 'UTC', week: [] }, new Date())).toBe(false);
  });
});
