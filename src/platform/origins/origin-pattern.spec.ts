import { isListed, isOriginPattern, patternsFor } from './origin-pattern.js';

describe('a list of origins', () => {
  it.each([
    'https://app.example.com',
    'http://localhost:5173',
    'https://*.example.com',
    'https://*.shop.example.co.uk',
    'https://*.example.com:8443',
    'http://[::1]:3000',
    'http://127.0.0.1',
  ])('may hold %s', (value) => {
    expect(isOriginPattern(value)).toBe(true);
  });

  it.each([
    '*',
    'https://*',
    'https://*.com',
    'https://*.*.example.com',
    'https://a.*.example.com',
    'https://shop*.example.com',
    'https://*example.com',
    'https://*.example.com/',
    'https://*.example.com:*',
    'https://*.EXAMPLE.com',
    'https://*.0.0.1',
    'https://app.example.com/path',
    'https://user@app.example.com',
    'javascript:alert(1)',
    'ftp://app.example.com',
    'null',
    '',
  ])('may not hold "%s"', (value) => {
    expect(isOriginPattern(value)).toBe(false);
  });

  it('means with a star the names one level below, and nothing else', () => {
    const list = ['https://*.example.com', 'https://*.example.org:8443'];
    for (const origin of ['https://a.example.com', 'https://x-1.example.com', 'https://a.example.org:8443']) {
      expect(isListed(list, origin)).toBe(true);
    }
    for (const origin of [
      'https://example.com',
      'https://a.b.example.com',
      'https://evilexample.com',
      'https://a.example.com.evil',
      'http://a.example.com',
      'https://a.example.com:8443',
      'https://a.example.org',
      'https://*.example.com',
      'https://.example.com',
      'https://a.EXAMPLE.com',
      'null',
      '',
    ]) {
      expect(isListed(list, origin)).toBe(false);
    }
  });

  it('takes no address apart as if it were a name', () => {
    expect(patternsFor('http://10.0.0.1')).toEqual(['http://10.0.0.1']);
    expect(patternsFor('http://[::1]:3000')).toEqual(['http://[::1]:3000']);
    expect(patternsFor('http://localhost:5173')).toEqual(['http://localhost:5173']);
  });
});
