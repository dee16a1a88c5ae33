import { fold, foldInPlace } from './fold.js';

it('folds with every character in its place, also where one grows and another goes', () => {
  // The accent of the first word is a character of its own, and "ﬁ" is one letter that folds to two.
  const text = 'Café number 1042 is ﬁne'.normalize('NFD');
  expect(fold(text)).toHaveLength(text.length);
  const folded = foldInPlace(text);
  expect(folded).toHaveLength(text.length);
  expect(folded.indexOf('1042')).toBe(text.indexOf('1042'));
});

it.each([
  ['ÉCOLE straße', 'ecole straße'],
  ['PLAIN', 'plain'],
  ['👋🏽 Ünï', '👋🏽 uni'],
])('folds %s to %s', (text, folded) => {
  expect(foldInPlace(text)).toBe(folded);
});
