import { tool } from '../../../test/support/agent-fakes.js';
import { isExactly } from './exact-answer.js';

const TABLE = tool('book_table', {
  inputSchema: {
    type: 'object',
    properties: {
      guests: { type: 'integer', minimum: 1, maximum: 20 },
      day: { type: 'string', format: 'date' },
      code: { type: 'string', pattern: '^[A-Z]{2}-\\d{3}$' },
      seating: { type: 'string', enum: ['terrace', 'window', 'bar'] },
      email: { type: 'string', format: 'email' },
      name: { type: 'string' },
      loud: { type: 'boolean' },
    },
    required: ['guests', 'day', 'code', 'seating', 'email', 'name', 'loud'],
  },
});
const gives = (text: string, ...asked: string[]): boolean => isExactly({ tool: TABLE, text, asked });

describe('a message that is exactly what was asked for', () => {
  it.each([
    ['4', 'guests'],
    ['2026-12-24', 'day'],
    ['"AB-123".', 'code'],
    ['#AB-123', 'code'],
    ['Terrace', 'seating'],
    ['ana@tapas.example', 'email'],
  ])('%j is', (text, asked) => expect(gives(text, asked)).toBe(true));

  it('may be a list of several', () => {
    expect(gives('4, 2026-12-24', 'guests', 'day')).toBe(true);
    expect(gives('4 ana@tapas.example', 'guests', 'email')).toBe(true);
    expect(gives('4 people on 2026-12-24', 'guests', 'day')).toBe(false);
  });

  it.each([
    ['yes please', 'loud'],
    ['yes', 'loud'],
    ['no', 'loud'],
    ['Maria', 'name'],
    ['never mind', 'name'],
    ['Where is the bar?', 'seating'],
    ['there were 4 of us last time, why was it so loud?', 'guests'],
    ['it is AB-123 but cancel it', 'code'],
    ['1,000', 'guests'],
    ['400', 'guests'],
    ['tomorrow', 'day'],
    ['Guten Morgen', 'day'],
    ['4', 'email'],
    ['', 'guests'],
    ['4 '.repeat(10_000), 'guests'],
  ])('%j is not', (text, asked) => expect(gives(text, asked)).toBe(false));
});
