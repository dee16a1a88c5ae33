import { formatAgo, formatBytes, formatDuration, formatShare, initials } from './formatting.js';
import { hashOf, parseRoute } from './routes.js';

describe('formatting', () => {
  it('puts sizes and times in words', () => {
    expect([formatBytes(512), formatBytes(2048), formatBytes(3_500_000)]).toEqual(['512 B', '2 kB', '3.3 MB']);
    const now = Date.parse('2026-11-21T12:00:00Z');
    const ago = (iso: string) => formatAgo(iso, now);
    expect(['2026-11-21T11:59:50Z', '2026-11-21T11:15:00Z', '2026-11-21T07:00:00Z', 'x'].map(ago)).toEqual([
      'just now',
      '45 min ago',
      '5 h ago',
      '',
    ]);
    expect([initials('Ada King Lovelace'), initials('Root'), initials('')]).toEqual(['AL', 'R', '']);
  });
});

describe('routes', () => {
  it('come back from the hash as they went in', () => {
    const id = '01a1fd06-09ed-7282-8dd8-1731929c2184';
    for (const hash of ['#/', `#/c/${id}`, '#/knowledge', '#/report', '#/widgets', '#/inbox', `#/inbox/${id}`])
      expect(hashOf(parseRoute(hash))).toBe(hash);
  });

  it('start a new conversation for anything else', () => {
    expect(parseRoute('#/c/not-an-id')).toEqual({ view: 'chat', conversationId: null });
  });
});

it('says times and shares as people do', () => {
  expect([0.42, 12.4, 200, 9000].map(formatDuration)).toEqual(['0.4 s', '12 s', '3 min', '2.5 h']);
  expect([0.823, 0, null].map(formatShare)).toEqual(['82 %', '0 %', '–']);
});
