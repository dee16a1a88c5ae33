import { absoluteHref, parseInline, parseMarkdown, safeHref } from './markdown.js';

describe('parseMarkdown', () => {
  it('reads the blocks that answers are made of', () => {
    const text = '# Title\n\nTwo\nlines\n\n- a\n- b\n\n3. c\n4. d\n\n> said\n\n```js\n1 < 2\n```\n\n---';
    expect(parseMarkdown(text).map((block) => block.type)).toEqual([
      'heading',
      'paragraph',
      'list',
      'list',
      'quote',
      'code',
      'rule',
    ]);
    expect(parseMarkdown(text)[3]).toMatchObject({ ordered: true, start: 3 });
    expect(parseMarkdown(text)[5]).toEqual({ type: 'code', text: '1 < 2' });
  });

  it('reads a table, and leaves a lone pipe alone', () => {
    expect(parseMarkdown('| a | b |\n| --- | :-: |\n| 1 | 2 |')).toMatchObject([
      { type: 'table', head: [[{ text: 'a' }], [{ text: 'b' }]], rows: [[[{ text: '1' }], [{ text: '2' }]]] },
    ]);
    expect(parseMarkdown('| not a table |')).toMatchObject([{ type: 'paragraph' }]);
  });

  it('keeps going on text that is cut anywhere, as it is while it streams', () => {
    const text = 'Hi **there** `x` [l](https://a.b)\n\n| a |\n| - |\n\n```\ncode\n```\n1. one [1]';
    for (let end = 0; end <= text.length; end += 1) {
      expect(() => parseMarkdown(text.slice(0, end))).not.toThrow();
    }
  });
});

describe('parseInline', () => {
  it('marks emphasis, code, links and citations', () => {
    expect(parseInline('**a** *b* `c` [d](https://e.f) [2] https://g.h/i.')).toEqual([
      { type: 'strong', children: [{ type: 'text', text: 'a' }] },
      { type: 'text', text: ' ' },
      { type: 'em', children: [{ type: 'text', text: 'b' }] },
      { type: 'text', text: ' ' },
      { type: 'code', text: 'c' },
      { type: 'text', text: ' ' },
      { type: 'link', href: 'https://e.f', children: [{ type: 'text', text: 'd' }] },
      { type: 'text', text: ' ' },
      { type: 'cite', n: 2 },
      { type: 'text', text: ' ' },
      { type: 'link', href: 'https://g.h/i', children: [{ type: 'text', text: 'https://g.h/i' }] },
      { type: 'text', text: '.' },
    ]);
  });

  it('leaves snake_case and arithmetic as they are', () => {
    expect(parseInline('order_id and user_id, 2 * 3 * 4')).toEqual([
      { type: 'text', text: 'order_id and user_id, 2 * 3 * 4' },
    ]);
  });

  it('makes no link of a script, and no picture of anything', () => {
    expect(parseInline('[x](javascript:alert)')).toEqual([{ type: 'strong', children: [{ type: 'text', text: 'x' }] }]);
    expect(parseInline('![pic](https://a.b/c.png)')).toMatchObject([{ type: 'link' }]);
  });
});

describe('safeHref', () => {
  it('admits web and mail addresses and paths of this site only', () => {
    expect(['https://a.b', 'mailto:a@b.c', '/docs'].map(safeHref)).toEqual(['https://a.b', 'mailto:a@b.c', '/docs']);
    expect(
      ['javascript:x', ' JavaScript:x', 'data:text/html,x', '//evil.test', '/\\evil.test', 'vbscript:x'].map(safeHref),
    ).toEqual(Array(6).fill(null));
  });
});

describe('absoluteHref', () => {
  it('leads to other sites and to mail, and never to a path of the page that it stands on', () => {
    expect(absoluteHref('https://a.example/b')).toBe('https://a.example/b');
    expect(absoluteHref('mailto:help@a.example')).toBe('mailto:help@a.example');
    expect(['/account', 'javascript:alert(1)', '//a.example'].map(absoluteHref)).toEqual([null, null, null]);
  });
});
