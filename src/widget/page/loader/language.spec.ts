import { directionOf, languageOf } from './language.js';

describe('the language of a widget', () => {
  it('is the page’s, else the first of the browser’s that is spoken here, else English', () => {
    expect(languageOf(['fr', 'de-AT'])).toBe('fr');
    expect(languageOf([null, 'pt-BR', 'es-MX', 'en'])).toBe('es');
    expect(languageOf([null, 'ja'])).toBe('en');
    expect(languageOf(['xx', 'de'])).toBe('de');
  });

  it('runs from right to left where it does', () => {
    expect(['ar', 'en'].map(directionOf)).toEqual(['rtl', 'ltr']);
  });
});
