import { withoutGreeting } from './greeting.js';

describe('withoutGreeting', () => {
  it.each([
    ['Hi, where is my order?', 'where is my order?'],
    ['Hello there! I need help with 1042', 'I need help with 1042'],
    ['Buenos días, ¿dónde está mi pedido?', '¿dónde está mi pedido?'],
    ['Hiking boots: which size?', 'Hiking boots: which size?'],
    ['Hello', 'Hello'],
  ])('turns "%s" into "%s"', (message, rest) => {
    expect(withoutGreeting(message)).toBe(rest);
  });
});
