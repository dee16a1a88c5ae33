import { loadConfig } from '#platform/config';
import { applyPatch, settingsPatch } from './settings-patch.js';
import { readSettings, resolveSettings } from './tenant-settings.js';

const config = loadConfig({ HISTORY_MESSAGES: '4' });
const tenant = (settings: unknown) => ({ id: 'i', slug: 's', name: 'n', settings });

describe('settings', () => {
  it('come from the tenant, else the operator, else the defaults', () => {
    const settings = resolveSettings(config, tenant({ top_k: 9, websocket: { format: 'html' } }));
    expect(settings).toMatchObject({
      topK: 9,
      historyMessages: 4,
      websocket: { format: 'html', stream: true, onDisconnect: 'continue' },
      outboundAllow: [],
    });
  });

  it('let more passages be read where no model reads them', () => {
    const topK = (env: Record<string, string>, stored: object) => resolveSettings(loadConfig(env), tenant(stored)).topK;
    expect(topK({}, {})).toBe(8);
    expect(topK({ OPENAI_API_KEY: 'k' }, {})).toBe(5);
    expect(topK({ OPENAI_API_KEY: 'k' }, { llm: { provider: 'offline' } })).toBe(8);
    expect(topK({}, { top_k: 3 })).toBe(3);
  });

  it('of another version of the program lose only the parts that do not fit', () => {
    const { stored, operator } = readSettings({
      top_k: 9,
      language: 17,
      retired_setting: true,
      operator: { outbound_allow: ['a:1'] },
    });
    expect(stored).toEqual({ top_k: 9 });
    expect(operator).toEqual({ outbound_allow: ['a:1'] });
    expect(readSettings(null)).toEqual({ stored: {}, operator: {} });
  });

  it('name a time zone that exists, or UTC holds', () => {
    expect(resolveSettings(config, tenant({ timezone: 'America/Bogota' })).timezone).toBe('America/Bogota');
    expect(resolveSettings(config, tenant({ timezone: 'Europe/Atlantis', top_k: 9 }))).toMatchObject({
      timezone: 'UTC',
      topK: 9,
    });
    const takes = (timezone: unknown) => settingsPatch.safeParse({ timezone }).success;
    expect(['UTC', 'Europe/Madrid', 'America/Argentina/Buenos_Aires', null].filter((zone) => !takes(zone))).toEqual([]);
    expect(['Europe/Atlantis', '+01:00', 'Europe/Madrid ', '', 7, '../etc'].filter(takes)).toEqual([]);
  });

  it('say how long things are kept, in whole days', () => {
    const retention = (stored: object) => resolveSettings(config, tenant(stored)).retention;
    expect(retention({})).toEqual({ conversationsDays: null, tracesDays: 90 });
    expect(retention({ retention: { conversations_days: 30, traces_days: 7 } })).toEqual({
      conversationsDays: 30,
      tracesDays: 7,
    });
    const takes = (days: unknown) => settingsPatch.safeParse({ retention: { conversations_days: days } }).success;
    expect([1, 3650, null].filter((days) => !takes(days))).toEqual([]);
    expect([0, -1, 1.5, '30', 3651, true].filter(takes)).toEqual([]);
    expect(settingsPatch.safeParse({ retention: { audit_days: 1 } }).success).toBe(false);
  });

  it('are patched member by member, and null goes back to the default', () => {
    const current = { top_k: 3, texts: { greeting: 'Hi', unclear: 'Eh?' }, allowed_origins: ['https://a.example'] };
    expect(applyPatch(current, settingsPatch.parse({ top_k: null, texts: { greeting: null, refused: 'No' } }))).toEqual(
      {
        texts: { unclear: 'Eh?', refused: 'No' },
        allowed_origins: ['https://a.example'],
      },
    );
    expect(applyPatch(current, { allowed_origins: [] })).toMatchObject({ allowed_origins: [] });
    expect(applyPatch(current, { texts: null })).not.toHaveProperty('texts');
  });
});
