import { z } from 'zod';
import { atMost } from './length.js';

describe('the length of a text', () => {
  const schema = z.strictObject({
    text: z
      .string()
      .trim()
      .check(...atMost(4)),
  });
  const takes = (text: string) => schema.safeParse({ text });

  it('is counted in UTF-16 units', () => {
    for (const text of ['', 'four', '😀😀', '  four  ']) expect(takes(text).success).toBe(true);
    for (const text of ['fives', '😀😀!', '😀😀😀', '😀'.repeat(5)]) {
      expect(takes(text).error?.issues).toMatchObject([{ path: ['text'], message: expect.stringContaining('UTF-16') }]);
    }
  });

  it('stands in the documents that are made of it', () => {
    expect(z.toJSONSchema(schema)).toMatchObject({ properties: { text: { type: 'string', maxLength: 4 } } });
  });
});
