import { plainText } from './plain-text.js';

describe('plainText', () => {
  it('drops the marks and keeps the words', () => {
    expect(plainText('## Refunds\n\n- **Free** return [2]\n- see [help](https://a.b)')).toBe(
      'Refunds\n\n- Free return\n- see help',
    );
  });
});
