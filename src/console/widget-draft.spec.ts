import { cleaned, draftOf, faultsOf, linesOf, newDraft, originOf, snippetOf, type Widget } from './widget-draft.js';

describe('the draft of a widget', () => {
  it('reads lines as people write them', () => {
    expect(linesOf(' a \n\n b')).toEqual(['a', 'b']);
  });

  it('takes the address of a page for its origin', () => {
    expect(originOf('https://shop.example.com/contact?x=1')).toBe('https://shop.example.com');
    expect(originOf('shop.example.com')).toBe('https://shop.example.com');
    expect(originOf('http://127.0.0.1:3001/')).toBe('http://127.0.0.1:3001');
    expect(originOf('https://*.example.com')).toBe('https://*.example.com');
  });

  it('sends no empty words, and each origin once', () => {
    const draft = {
      ...newDraft(' Shop '),
      texts: { title: ' ', greeting: 'Hello' },
      origins: ['a.example', 'https://a.example'],
    };
    expect(cleaned(draft)).toMatchObject({
      name: 'Shop',
      texts: { greeting: 'Hello' },
      origins: ['https://a.example'],
    });
  });

  it('says what is wrong before it is sent', () => {
    expect(faultsOf(newDraft('Shop'))).toEqual({});
    const wrong = {
      ...newDraft(''),
      appearance: { accent: 'teal' },
      questions: Array.from({ length: 9 }, () => 'Why?'),
    };
    expect(Object.keys(faultsOf(wrong))).toEqual(['name', 'accent', 'questions']);
  });

  it('holds what can be changed, and nothing else', () => {
    const widget: Widget = { ...newDraft('Shop'), id: '1', public_key: 'pk_1', secret_last4: 'abcd' };
    expect(draftOf(widget)).toEqual(newDraft('Shop'));
  });

  it('is one line in a page', () => {
    expect(snippetOf('https://chat.example', 'pk_1')).toBe(
      '<script src="https://chat.example/widget.js" data-widget="pk_1" async></script>',
    );
  });
});
