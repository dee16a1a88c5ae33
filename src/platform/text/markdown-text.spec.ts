import { escapeMarkdown, plainText } from './markdown-text.js';

describe('escapeMarkdown', () => {
  it.each([
    ['![x](https://evil.test/?q=1)', '!\\[x\\](https://evil.test/?q=1)'],
    ['<script>alert(1)</script>', '\\<script\\>alert(1)\\</script\\>'],
    ['**bold** `code`', '\\*\\*bold\\*\\* \\`code\\`'],
    ['# heading\n- item', '\\# heading - item'],
    ['1. first', '\\1. first'],
    ['SP_2041_X', 'SP_2041_X'],
    ['_emphasis_', '\\_emphasis\\_'],
    ['2026-11-21 12:00', '2026-11-21 12:00'],
  ])('makes %j text', (value, escaped) => {
    expect(escapeMarkdown(value)).toBe(escaped);
  });

  it('writes nothing for nothing and JSON for objects', () => {
    expect([escapeMarkdown(null), escapeMarkdown(undefined), escapeMarkdown(7), escapeMarkdown({ a: 1 })]).toEqual([
      '',
      '',
      '7',
      '{"a":1}',
    ]);
  });
});

it('plainText keeps the words and drops the signs', () => {
  expect(plainText('## Returns\n\nSend it **back** to [us](https://a.test), `ACME`.')).toBe(
    'Returns\n\nSend it back to us, ACME.',
  );
});

it.each([
  ['[a [b](c) d](e)', 'a [b d](e)'],
  ['![a] [b](c)', '![a] b'],
  ['[![icon](i.png) home](h)', 'icon home'],
  ['[open [never closed](', '[open [never closed]('],
  ['> one\n>two\n\n  > three', 'one\ntwo\nthree'],
  ['a > b\n > c', 'a > b\nc'],
  ['> \n>\n\r\n> a', 'a'],
])('plainText takes the signs of links and quotations out of %j', (markdown, text) => {
  expect(plainText(markdown)).toBe(text);
});
