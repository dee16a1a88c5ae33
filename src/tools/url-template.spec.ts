import { fillUrlTemplate, urlPlaceholders } from './url-template.js';

const fill = (template: string, values: Record<string, unknown>) => fillUrlTemplate(template, (name) => values[name]);

describe('fillUrlTemplate', () => {
  const template = 'https://api.example.com/orders/{{id}}/lines?email={{email}}&fixed=1';

  it('puts values into segments and parameters', () => {
    expect(fill(template, { id: '1042', email: 'a@b.c' })).toBe(
      'https://api.example.com/orders/1042/lines?email=a%40b.c&fixed=1',
    );
  });

  it('leaves out a parameter without a value', () => {
    expect(fill(template, { id: 7 })).toBe('https://api.example.com/orders/7/lines?fixed=1');
    expect(fill('https://h.example/?a={{a}}', {})).toBe('https://h.example/');
  });

  it('joins lists by commas', () => {
    expect(fill('https://h.example/s?k={{k}}', { k: ['a', 'b&c'] })).toBe('https://h.example/s?k=a%2Cb%26c');
  });

  it.each([
    ['a parameter', 'x&admin=1', 'x%26admin%3D1'],
    ['a fragment', 'x#y', 'x%23y'],
    ['another query', 'x?y', 'x%3Fy'],
    ['a line break', 'x\r\ny', 'x%0D%0Ay'],
    ['a placeholder', '{{id}}', '%7B%7Bid%7D%7D'],
  ])('cannot be given %s through a query value', (_what, value, encoded) => {
    expect(fill('https://h.example/s?q={{q}}', { q: value, id: 'no' })).toBe(`https://h.example/s?q=${encoded}`);
  });

  it.each(['../admin', '..', '.', '%2e%2e/x', 'a/b', 'a\\b', 'a\nb', 'a\0b', '', '   ', null, { a: 1 }])(
    'refuses %j in the path',
    (id) => expect(() => fill(template, { id })).toThrow(expect.objectContaining({ argument: 'id' })),
  );

  it('keeps question marks, hashes, percent and at signs inside their segment', () => {
    expect(fill(template, { id: 'a?b#c%2F..@evil.example:80' })).toBe(
      'https://api.example.com/orders/a%3Fb%23c%252F..%40evil.example%3A80/lines?fixed=1',
    );
  });

  it('refuses dots put together from the template and a value', () => {
    expect(() => fill('https://h.example/a/.{{x}}/b', { x: '.' })).toThrow(/dots/);
    expect(fill('https://h.example/v{{x}}', { x: '..' })).toBe('https://h.example/v..');
  });

  it.each([
    'https://{{host}}/x',
    'https://api.example.com:{{port}}/x',
    '{{url}}',
    'https://api.example.com{{path}}',
    'https://a.example/x?{{name}}=1',
    'https://a.example/x?{{query}}',
    'https://a.example/x#{{fragment}}',
    'https://a.example/{{ bad name }}',
    'https://a.example/{{x}',
    'ftp://a.example/{{x}}',
    '/relative/{{x}}',
  ])('refuses the template %s', (bad) => expect(() => urlPlaceholders(bad)).toThrow(/URL|placeholder/));

  it('lists its placeholders', () => expect(urlPlaceholders(template)).toEqual(['id', 'email']));
});
