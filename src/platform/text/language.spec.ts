import { detectLanguage, phraseLanguage } from './language.js';

it.each([
  ['Where is my order?', 'en'],
  ['¿Dónde está mi pedido?', 'es'],
  ['Wo ist meine Bestellung?', 'de'],
  ['¿Tienen platos veganos?', 'es'],
  ['Factura a otra dirección', 'es'],
  ['Rechnung an andere Adresse', 'de'],
  ['find travel alerts near me', 'en'],
  ['Was kostet der Versand nach Deutschland?', 'de'],
  ['¿Cuántos días tengo para devolver unas botas?', 'es'],
  ['Combien de temps ai-je pour retourner un article acheté en ligne?', 'fr'],
])('detects the language of "%s"', (text, language) => {
  expect(detectLanguage(text)).toBe(language);
});

it('keeps the conversation’s language when a message does not tell', () => {
  expect(detectLanguage('1042', 'de')).toBe('de');
  expect(detectLanguage('ok', 'es')).toBe('es');
});

it('has its own words in three languages and English for the rest', () => {
  expect(['en', 'es-MX', 'de', 'fr'].map(phraseLanguage)).toEqual(['en', 'es', 'de', 'en']);
});
