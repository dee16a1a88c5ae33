import { lexicalText } from './lexical-text.js';
import { questionWords } from './question-words.js';

it.each([
  ['How long do I have to return something?', 'do i have to return'],
  ['How much is delivery to Germany?', 'is delivery to germany'],
  ['¿Cuánto tiempo tengo para devolver las botas?', 'tengo para devolver las botas'],
  ['Wie lange ist ein Gutschein gültig?', 'ist ein gutschein gültig'],
  ['Combien de temps dure la livraison ?', 'dure la livraison'],
  ['The long wait for something-or-other', 'the long wait for or other'],
])('leaves of %j what it asks after', (question, words) => {
  expect(questionWords(lexicalText(question))).toBe(words);
});

it('leaves a question of such words alone', () => {
  expect(questionWords('how much')).toBe('how much');
  expect(questionWords('')).toBe('');
});
