import { htmlToMarkdown, parseHtml } from './html.parser.js';
import { parseMarkdown } from './markdown.parser.js';
import { parseText } from './text.parser.js';

const blocksOf = (source: string): string[] =>
  parseMarkdown(source, htmlToMarkdown).blocks.map((block) => `${block.kind}: ${block.text}`);

describe('parseMarkdown', () => {
  it('gives headings, paragraphs, lists, tables and code in order', () => {
    expect(
      blocksOf(
        '# One *two*\n\nText\nmore\n\n- a\n  - b\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n```js\ncode\n```\n\nUnder\n---\n\n> said',
      ),
    ).toEqual([
      'heading: One two',
      'paragraph: Text\nmore',
      'list: - a\n  - b',
      'table: | x | y |\n|---|---|\n| 1 | 2 |',
      'code: ```js\ncode\n```',
      'heading: Under',
      'paragraph: said',
    ]);
  });

  it('removes the front matter and takes its title', () => {
    const document = parseMarkdown('---\ntitle: "Our rules"\ntags: [a]\n---\n# Rules\n\nText', htmlToMarkdown);
    expect(document.title).toBe('Our rules');
    expect(document.blocks[0]).toEqual({ kind: 'heading', level: 1, text: 'Rules' });
  });

  it('keeps absolute links only, and no images or tags', () => {
    expect(
      blocksOf(
        '![logo](http://x/y.png) [a](https://a.example) [b](../b.md) [c](javascript:alert(1)) [d][r] <b>bold</b><script>x</script>\n\n[r]: https://d.example',
      ),
    ).toEqual(['paragraph: logo [a](https://a.example) b c [d](https://d.example) boldx']);
    expect(blocksOf('<div><p>Inside <script>alert(1)</script></p></div>')).toEqual(['paragraph: Inside']);
  });
});

describe('parseHtml', () => {
  it('gives tables, nested lists and code', () => {
    const { blocks } = parseHtml(
      '<html><h2>T</h2><table><tr><th>a</th><th>b|c</th></tr><tr><td>1</td><td><p>x</p><p>y</p></td></tr></table><ol><li>one<ul><li>two</li></ul></li></ol><pre><code>a &lt; b</code></pre>',
    );
    expect(blocks.map((block) => `${block.kind}: ${block.text}`)).toEqual([
      'heading: T',
      'table: | a | b\\|c |\n| --- | --- |\n| 1 | x y |',
      'list: 1. one\n    - two',
      'code: ```\na < b\n```',
    ]);
  });

  it('keeps tags that the page shows as text, and survives deep nesting', () => {
    expect(parseHtml('<p>Use &lt;div&gt; here</p>').blocks).toEqual([{ kind: 'paragraph', text: 'Use <div> here' }]);
    expect(parseHtml(`<html>${'<div>'.repeat(5000)}deep`).blocks.map((block) => block.text)).toEqual(['deep']);
  });
});

describe('parseText', () => {
  it('tells headings from paragraphs and lists', () => {
    expect(parseText('OPENING HOURS\n\nWe open\nat nine.\n\nTitle\n=====\n- a\n- b').blocks).toEqual([
      { kind: 'heading', level: 2, text: 'OPENING HOURS' },
      { kind: 'paragraph', text: 'We open\nat nine.' },
      { kind: 'heading', level: 1, text: 'Title' },
      { kind: 'list', text: '- a\n- b' },
    ]);
  });
});
