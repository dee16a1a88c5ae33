import { counted, type LanguageWords, list } from './language-words.js';

export const EN: LanguageWords = {
  yes: [
    ...list('yes yep yeah yup sure ok okay correct confirmed absolutely definitely exactly'),
    'go ahead',
    'go for it',
    'do it',
    'do so',
  ],
  no: [...list('no nope nah not never dont'), 'do not', 'don t'],
  yesVerbs: { words: ['correct'], objects: list('it this that them these those me my the') },
  polite: ['please'],
  besideYes: list(
    'please thanks thank you go i we do it that this them s is right fine good great perfect all of course ahead for so and now send agree confirm',
  ),
  negations: list('no not without never none'),
  numbers: {
    ...counted('two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen', 2),
    ...{ seventeen: 17, eighteen: 18, nineteen: 19, twenty: 20, thirty: 30, forty: 40, fifty: 50, hundred: 100 },
    ...{ dozen: 12, sixty: 60, seventy: 70, eighty: 80, ninety: 90, thousand: 1000 },
  },
  looseNumbers: { one: 1, single: 1, zero: 0 },
  before: {
    origin: list('from'),
    destination: list('to'),
    place: list('in near at around from to for'),
    person: list('named called am is'),
  },
  kinds: {
    origin: list('origin from source departure'),
    destination: list('destination to target arrival'),
    place: list('city location place country region town area store shop branch'),
    person: list('name person customer user'),
    identifier: list('id number no nr code reference ref sku identifier'),
  },
  capitalsAreNames: true,
  fillers: list('id number numbers num no nr n code is are'),
  openers: "it(?:'s| is)|that(?:'s| is)|this is|the (?:number|id|code) is|number|no\\.?|nr\\.?",
  another: list('another different other new next'),
  anyThing: list('one ones thing things'),
  and: list('and also plus or & as well then'),
  addresses: {
    email: list('email emails mail mails e-mail address inbox'),
    phone: list('phone telephone mobile cell number'),
  },
  dates: {
    // "From 3 May" begins at no three o'clock.
    none: [/\bfrom (?=\d)/giu],
    days: {},
    months: null,
    past: /\b(?:last|past|previous)\b/i,
    ago: null,
    direction: /\b(?:in|within|ago|from now|later|before|earlier|hence|after|next|last|past|this)\b/i,
    beforeYear: list('in since until till year before after during'),
    until: /(?<![\p{L}\d.,/])(\d{1,2})\.?(?:st|nd|rd|th)?\s?(?:to|until|till|-|–)\s?$/iu,
    stretch: /\b(?:this|next|last|past|previous|coming) (?:week|month|year|quarter|weekend)\b/i,
    // In Britain, Ireland and Australia; the United States put the month first.
    orderByCountry: true,
  },
};
