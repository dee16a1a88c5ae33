import { counted, type LanguageWords, list } from './language-words.js';

export const DE: LanguageWords = {
  yes: [
    ...list('ja jawohl jep klar gerne sicher ok okay richtig genau einverstanden passt los'),
    'mach das',
    'mach es',
    'mach mal',
    'machen sie das',
    'nur zu',
  ],
  no: list('nein nee nicht niemals'),
  besideYes: list(
    'bitte danke das es ist so tun tu mach machen sie ich wir bestatige bestatigt passt gut alles und senden sende schick schicken los jetzt sehr',
  ),
  yesVerbs: { words: [], objects: [] },
  polite: ['bitte'],
  negations: list('nicht kein keine keinen keinem keiner ohne nie'),
  numbers: {
    ...counted('zwei/zwo drei vier funf/fuenf sechs sieben acht neun zehn elf zwolf/zwoelf', 2),
    ...{ dreizehn: 13, vierzehn: 14, funfzehn: 15, sechzehn: 16, siebzehn: 17, achtzehn: 18, neunzehn: 19 },
    ...{ zwanzig: 20, dreissig: 30, dreißig: 30, vierzig: 40, funfzig: 50, sechzig: 60, siebzig: 70, achtzig: 80 },
    ...{ neunzig: 90, hundert: 100, tausend: 1000, dutzend: 12 },
  },
  looseNumbers: { ein: 1, eine: 1, einen: 1, einer: 1, eins: 1, null: 0 },
  before: {
    origin: list('von aus ab'),
    destination: list('nach'),
    place: list('in bei aus nach'),
    person: list('heisse heisst heiße heißt bin name'),
  },
  kinds: {
    origin: list('von herkunft abfahrt start'),
    destination: list('nach ziel ankunft'),
    place: list('stadt ort land region filiale geschaft laden'),
    person: list('name person kunde kundin benutzer'),
    identifier: list('nummer kennung kennzeichen code'),
  },
  // Every noun does.
  capitalsAreNames: false,
  fillers: list('id nummer nr n code ist sind lautet'),
  openers: 'das ist|es ist|die nummer (?:ist|lautet)|nummer|nr\\.?',
  another: list(
    'ander andere anderen anderer anderes anderem neue neuen neuer neues neuem weitere weiteren weiterer weiteres nachste nachsten nachster nachstes',
  ),
  anyThing: list('sache'),
  and: list('und auch sowie oder &'),
  addresses: {
    email: list('email mail e-mail mailadresse adresse postfach'),
    phone: list('telefon handy telefonnummer nummer'),
  },
  dates: {
    // The noun is a part of a day, the adverb is tomorrow; sentences begin with both, greetings only with the noun.
    none: [
      /\bguten\s+morgen\b/giu,
      /\b(?:am|jeden|einem?|dem|den|der|diese[nmr]?|nächste[nmr]?|früh|schönen)\s+morgen\b/giu,
      /(?<=\p{Ll}\s)Morgen\b/gu,
      /^\s*Morgen\s*!/gu,
    ],
    days: { ubermorgen: 2, vorgestern: -2, 'heute morgen': 0, 'gestern morgen': -1 },
    months: {
      ...counted('januar/jan/janner februar/feb marz/maerz april/apr mai juni/jun juli/jul august/aug'),
      ...counted('september/sep/sept oktober/okt november/nov dezember/dez', 9),
    },
    past: /\b(?:letzte[nrms]?|vergangene[nrms]?|vorige[nrms]?)\b/i,
    ago: null,
    direction: /\b(?:in|vor|nach|nächste[rsnm]?|letzte[rsnm]?|kommende[rsnm]?|diese[rsnm]?)\b/i,
    beforeYear: list('seit jahr jahre jahren bis anno'),
    until: /(?<![\p{L}\d.,/])(\d{1,2})\.?(?:st|nd|rd|th)?\s?(?:bis(?: zum)?|-|–)\s?$/iu,
    stretch:
      /\b(?:diese|nächste|letzte|kommende|vergangene|vorige)[srnm]?\s+(?:Woche|Monat|Jahr|Quartal|Wochenende)\b/i,
    orderByCountry: false,
  },
};
