import { counted, type LanguageWords, list } from './language-words.js';

export const ES: LanguageWords = {
  yes: [
    ...list('si claro vale ok okay correcto exacto adelante confirmo dale hazlo venga'),
    'de acuerdo',
    'por supuesto',
  ],
  no: list('no nunca jamas'),
  besideYes: list(
    'por favor gracias muchas lo la eso esto esta es todo bien perfecto de acuerdo supuesto que y hazlo haz envialo enviala envia mandalo ahora adelante',
  ),
  yesVerbs: { words: [], objects: [] },
  polite: ['por favor'],
  negations: list('no sin ni nunca ningun ninguna'),
  numbers: {
    ...counted('dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis', 2),
    ...{ diecisiete: 17, dieciocho: 18, diecinueve: 19, veinte: 20, treinta: 30, cuarenta: 40, cincuenta: 50 },
    ...{ sesenta: 60, setenta: 70, ochenta: 80, noventa: 90, cien: 100, mil: 1000, docena: 12 },
  },
  looseNumbers: { un: 1, una: 1, uno: 1, cero: 0 },
  before: {
    origin: list('de desde'),
    destination: list('a hacia'),
    place: ['en', 'cerca de', 'desde', 'de', 'a'],
    person: list('llamo llama soy'),
  },
  kinds: {
    origin: list('origen desde salida'),
    destination: list('destino hasta llegada'),
    place: list('ciudad lugar pais region zona tienda sucursal'),
    person: list('nombre persona cliente usuario'),
    identifier: list('numero número codigo código referencia'),
  },
  capitalsAreNames: true,
  fillers: list('id numero num nro n codigo es son de'),
  openers: 'es (?:el|la)?|el numero es|el número es|numero|número',
  another: list('otro otra otros otras nuevo nueva distinto distinta diferente'),
  anyThing: list('cosa'),
  and: list('y e tambien ademas o &'),
  addresses: {
    email: list('correo correos email mail direccion'),
    phone: list('telefono movil celular numero'),
  },
  dates: {
    // "Por la mañana" and "esta mañana" are a part of a day; "del 3 al 5 de mayo" begins at no three o'clock.
    none: [/(?:por|de|en|a) la mañana/giu, /buenos días/giu, /\b(?:del?|desde(?: el)?) (?=\d)/giu],
    days: { 'pasado manana': 2, anteayer: -2, 'antes de ayer': -2, 'esta manana': 0 },
    months: null,
    past: /\b(?:pasado|pasada|anterior)\b/i,
    ago: /\bhace\s*$/i,
    direction: /\b(?:en|dentro de|después|más tarde|próxim[oa]s?|pasad[oa]s?|est[ea])\b/i,
    beforeYear: list('en desde hasta ano durante'),
    until: /(?<![\p{L}\d.,/])(\d{1,2})\.?(?:st|nd|rd|th)?\s?(?:al?|hasta el|-|–)\s?$/iu,
    stretch: /\b(?:semana|mes|año|trimestre) (?:que viene|pasad[oa]|próxim[oa])\b/i,
    orderByCountry: false,
  },
};
