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

it.each([
  'no',
  'OK',
  'No.',
  '1042',
  'iPhone 15',
  'ana@example.com',
  'AB-1234',
  'PIN',
  'Max Müller',
  'Hilton Madrid',
  '👍',
])('keeps the conversation’s language for "%s"', (text) => {
  expect(['en', 'es', 'de', 'fr'].map((language) => detectLanguage(text, language))).toEqual(['en', 'es', 'de', 'fr']);
});

it.each([
  ['Mi hijo tiene fiebre', 'es'],
  ['Mein Sohn hat Fieber', 'de'],
  ['I lost my card yesterday', 'en'],
  ['Ik ben gisteren mijn kaart kwijtgeraakt', 'nl'],
  ['Zgubiłem wczoraj swoją kartę kredytową', 'pl'],
  ['Jag vill boka om min tid', 'sv'],
  ['Randevumu değiştirmek istiyorum', 'tr'],
  ['予約を変更したいです', 'ja'],
  ['Я потерял карту вчера', 'ru'],
  ['أريد تغيير موعدي', 'ar'],
  ['Hola', 'es'],
  ['Danke!', 'de'],
])('hears that "%s" is another language than the conversation’s', (text, language) => {
  expect(['en', 'es', 'de'].map((before) => detectLanguage(text, before))).toEqual([language, language, language]);
});

it.each([
  'nurses in munich',
  'hotels in berlin',
  'sofa in red',
  'jobs in malaga',
  'dentist in lyon',
  'bagpipes in ghent',
  'Hotel in Wien',
])('keeps the tenant’s language for “%s”, which is names and things alone', (text) => {
  expect(['en', 'es', 'de'].map((tenant) => detectLanguage(text, tenant))).toEqual(['en', 'es', 'de']);
});

it.each([
  ['a dentist in lyon', 'en'],
  ['un dentista en lyon', 'es'],
  ['ein Zahnarzt in Lyon', 'de'],
  ['Wohnung mit Balkon', 'de'],
  ['Teilzeitstellen in Deutschland', 'de'],
  ['piso con terraza', 'es'],
])('still hears the language of “%s” by its small words, or by one that is no other’s', (text, language) => {
  expect(['en', 'es', 'de'].map((tenant) => detectLanguage(text, tenant))).toEqual([language, language, language]);
});

it('has its own words in three languages and English for the rest', () => {
  expect(['en', 'es-MX', 'de', 'fr'].map((language) => phraseLanguage(language))).toEqual(['en', 'es', 'de', 'en']);
  expect([phraseLanguage('fr', 'de-AT'), phraseLanguage('es', 'de'), phraseLanguage('fr', 'it')]).toEqual([
    'de',
    'es',
    'en',
  ]);
});
