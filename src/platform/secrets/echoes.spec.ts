import { concealing } from './echoes.js';
import { processorMs } from '../../../test/support/processor-time.js';

const SECRET = 'pä"ss/wörd+1&<';
const PAIR = Buffer.from(`bot:${SECRET}`).toString('base64');
const conceal = concealing([SECRET, PAIR]);

const spelled = (unit: (char: string) => string) => [...SECRET].map(unit).join('');
const hex = (char: string, digits: number) => char.charCodeAt(0).toString(16).padStart(digits, '0');
const inJson = (text: string) => JSON.stringify(text).slice(1, -1);

describe('a secret that a server repeats', () => {
  it.each([
    ['plainly', SECRET],
    ['as the pair of HTTP Basic', PAIR],
    ['as that pair without its padding', PAIR.replace(/=+$/, '')],
    ['in base64', Buffer.from(SECRET).toString('base64')],
    ['in base64url', Buffer.from(SECRET).toString('base64url')],
    ['in hex', Buffer.from(SECRET).toString('hex')],
    ['in capital hex', Buffer.from(SECRET).toString('hex').toUpperCase()],
    ['for a URL', encodeURIComponent(SECRET)],
    ['for a URL, in small letters', encodeURIComponent(SECRET).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())],
    ['for a URL twice', encodeURIComponent(encodeURIComponent(SECRET))],
    ['for JSON', inJson(SECRET)],
    ['for JSON, every character', spelled((char) => `\\u${hex(char, 4)}`)],
    ['for JSON in capitals', spelled((char) => `\\u${hex(char, 4).toUpperCase()}`)],
    ['for JSON with its slashes escaped', inJson(SECRET).replaceAll('/', '\\/')],
    ['for JSON in JSON', inJson(inJson(SECRET))],
    ['for JSON in a URL', encodeURIComponent(inJson(SECRET))],
    ['for HTML', SECRET.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')],
    ['for HTML by numbers', spelled((char) => `&#${char.charCodeAt(0)};`)],
    ['for HTML by hex numbers', spelled((char) => `&#x${hex(char, 2)};`)],
  ])('is taken out where it is written %s', (_how, echo) => {
    expect(conceal(`you sent ${echo} and more`)).toBe('you sent [secret] and more');
    const json = JSON.stringify({ said: echo, [echo]: 1 });
    expect(JSON.parse(conceal(json))).toEqual({ said: '[secret]', '[secret]': 1 });
  });

  it.each([0, 1, 2, 3, 4])('is taken out of the base64 of something longer (%s bytes before it)', (before) => {
    for (const rest of ['', '.', '..', '...']) {
      const longer = Buffer.from(`${'x'.repeat(before)}${SECRET}${rest}`).toString('base64');
      const shown = conceal(`{"token":"${longer}"}`);
      expect(shown).toContain('[secret]');
      // At most the characters at both ends are left, which it shares with its neighbours.
      expect(shown.length).toBeLessThan('{"token":"[secret]"}'.length + 14);
    }
  });

  it('is taken out wherever it stands, and nothing else is', () => {
    expect(conceal(`${SECRET}${SECRET}, %41 ${encodeURIComponent(SECRET)}\\n${inJson(SECRET)} &amp; ${SECRET}`)).toBe(
      '[secret][secret], %41 [secret]\\n[secret] &amp; [secret]',
    );
  });

  it.each(['{ "a": 1.50, "b": "\\u0041\\/\\"%20&amp;" }', '', 'pä"ss/wörd', '&#99999999; \\ud83d %ff%fe'])(
    'is no reason to change anything else (%s)',
    (text) => {
      expect(conceal(text)).toBe(text);
    },
  );

  it('is left where it is too short to be one', () => {
    expect(concealing(['stock', ''])('5 in stock')).toBe('5 in stock');
    expect(concealing(['key', ''], { shortest: 1, mask: '[key]' })('a key')).toBe('a [key]');
  });

  it('is found in time in what is long and full of escapes', () => {
    const long = '\\"%41&amp;\\u0041 and so on '.repeat(40_000);
    const before = processorMs();
    expect(conceal(`${long}${inJson(SECRET)}`)).toBe(`${long}[secret]`);
    expect(processorMs() - before).toBeLessThan(2000);
  });
});
