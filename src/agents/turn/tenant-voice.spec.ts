import { SETTINGS } from '../../../test/support/agent-fakes.js';
import { fill, listing, PHRASES } from './phrases.js';
import { TenantVoice } from './tenant-voice.js';

const voice = new TenantVoice(SETTINGS);

it('uses the tenant’s texts in its language and the product’s phrases in others', () => {
  expect(voice.smallTalk('hello', 'en')).toBe('Hello from ACME!');
  expect(voice.smallTalk('hello', 'es')).toBe(PHRASES.es.smallTalk.hello);
  expect(voice.smallTalk('who_are_you', 'en')).toContain('ACME');
  expect(voice.noAnswer('en')).toBe('Not in our documents.');
  expect(voice.noAnswer('de')).toBe(PHRASES.de.notInDocuments);
});

it('speaks the tenant’s language to whoever speaks one that it has no words in', () => {
  const german = new TenantVoice({ ...SETTINGS, language: 'de-AT' });
  expect([german.spoken('fr'), german.spoken('es'), voice.spoken('fr')]).toEqual(['de', 'es', 'en']);
  expect(german.phrases('pl')).toBe(PHRASES.de);
  expect(german.noAnswer('pl')).toBe('Not in our documents.');
  expect([german.localeFor('de'), german.localeFor('en')]).toEqual(['de-AT', 'en']);
});

it('always says how the tenant’s people are reached', () => {
  expect(voice.humanContact('en')).toBe('Call 123.');
  expect(voice.humanContact('es')).toMatch(/Quieres hablar con una persona.*ACME.*Call 123\./s);
});

it('fills placeholders once and joins lists', () => {
  expect(fill('{a} {b} {c}', { a: '{b}', b: 'x' })).toBe('{b} x {c}');
  expect(listing(['a', 'b', 'c'], 'and')).toBe('a, b and c');
  expect(listing(['a'], 'and')).toBe('a');
});

it('has every phrase in every language', () => {
  const keys = (value: object) => Object.keys(value).sort();
  expect(keys(PHRASES.es)).toEqual(keys(PHRASES.en));
  expect(keys(PHRASES.de)).toEqual(keys(PHRASES.en));
});
