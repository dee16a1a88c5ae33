import { tellingOf } from './everyday-words.js';

it.each([
  ['would', 'parcel', 'en'],
  ['anything', 'lighthouse', 'en-IE'],
  ['quiero', 'pasaporte', 'es'],
  ['möchte', 'Steuererklärung', 'de'],
  ['avec', 'assurance', 'fr'],
])('tells more of a text by a rarer word: less %j, more %j (%s)', (common, rare, language) => {
  expect(tellingOf(rare, language)).toBeGreaterThan(tellingOf(common, language) + 0.1);
});

it('takes the words of everyday talk for nothing, and those that no list has for everything', () => {
  expect(tellingOf('what', 'en')).toBe(0);
  expect(tellingOf('Ich', 'de')).toBe(0);
  expect(tellingOf('hydrofoil', 'en')).toBe(1);
  expect(tellingOf('4711', 'en')).toBe(1);
});

it('takes every word of a language without a list for telling', () => {
  expect(tellingOf('miksi', 'fi')).toBe(1);
  expect(tellingOf('what', '')).toBe(1);
});
