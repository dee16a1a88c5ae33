import { tool } from '../../../../test/support/agent-fakes.js';
import type { HistoryMessage } from '../../turn/turn.types.js';
import { RuleEntityExtractor } from './rule.entity-extractor.js';

/** A Tuesday. */
const rules = new RuleEntityExtractor(() => new Date('2026-03-10T12:00:00Z'));

const string = (title: string, rest: Record<string, unknown> = {}) => ({ type: 'string', title, ...rest });
const date = (title: string) => string(title, { format: 'date' });
const integer = (title: string) => ({ type: 'integer', title, minimum: 1 });
const object = (properties: Record<string, unknown>, optional: readonly string[] = []) => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});

/** Tools of trades that the demo tenants are not in: what is learnt from theirs alone fails here. */
const TOOLS = {
  hotel: tool('book_room', {
    name: 'Book a room',
    inputSchema: object(
      {
        city: string('city'),
        check_in: date('arrival date'),
        nights: integer('nights'),
        room_type: { enum: ['single', 'double', 'family_suite'] },
        breakfast: { type: 'boolean' },
      },
      ['room_type', 'breakfast'],
    ),
  }),
  clinic: tool('book_appointment', {
    name: 'Clinic appointment',
    inputSchema: object({ patient_id: string('patient number', { pattern: '^P-[0-9]{5}$' }), day: date('day') }),
  }),
  card: tool('block_card', {
    name: 'Block a bank card',
    inputSchema: object(
      {
        last_digits: string('last four digits of the card', { pattern: '^[0-9]{4}$' }),
        reason: { enum: ['lost', 'stolen', 'damaged'] },
        limit: { type: 'number', title: 'limit' },
        replacement: { type: 'boolean' },
      },
      ['reason', 'limit', 'replacement'],
    ),
  }),
  parcel: tool('plan_pickup', {
    name: 'Parcel pickup',
    inputSchema: object(
      {
        tracking_code: string('tracking code', { examples: ['PK-8321-229'] }),
        weight: { type: 'number', title: 'weight in kg' },
        pickup_at: date('pickup day'),
      },
      ['pickup_at'],
    ),
  }),
  gym: tool('freeze_membership', {
    name: 'Freeze a gym membership',
    inputSchema: object({ member_number: string('member number'), from: date('first day'), weeks: integer('weeks') }),
  }),
  school: tool('report_absence', {
    name: 'Report a child absent',
    inputSchema: object(
      { child_name: string('name of the child'), day: date('day'), email: string('email', { format: 'email' }) },
      ['email'],
    ),
  }),
} as const;

interface Case {
  readonly tool: keyof typeof TOOLS;
  readonly language: string;
  readonly text: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly zone?: string;
  readonly asked?: readonly string[];
  readonly known?: Readonly<Record<string, unknown>>;
  readonly before?: readonly string[];
}

const CASES: readonly Case[] = [
  // Hotel
  {
    tool: 'hotel',
    language: 'en',
    text: 'A double in Lisbon from 3 May for two nights, please',
    values: { city: 'Lisbon', check_in: '2026-05-03', nights: 2, room_type: 'double' },
  },
  {
    tool: 'hotel',
    language: 'en',
    text: 'I may come to Porto at some point, are rooms expensive?',
    values: { city: 'Porto' },
  },
  {
    tool: 'hotel',
    language: 'en',
    text: 'Room in Vienna, arriving tomorrow, 3 nights with breakfast',
    values: { city: 'Vienna', check_in: '2026-03-11', nights: 3, breakfast: true },
  },
  {
    tool: 'hotel',
    language: 'en',
    text: 'Arriving on 03/04/2026 in Graz for 1 night',
    values: { city: 'Graz', nights: 1 },
  },
  { tool: 'hotel', language: 'en', text: 'on 25/12/2026', values: { check_in: '2026-12-25' } },
  { tool: 'hotel', language: 'en', text: 'Do the rooms have air conditioning?', values: {} },
  {
    tool: 'hotel',
    language: 'en',
    text: 'four nights, no breakfast',
    values: { nights: 4, breakfast: false },
    asked: ['nights'],
  },
  {
    tool: 'hotel',
    language: 'es',
    text: 'Una habitación en Sevilla el 3 de mayo, dos noches',
    values: { city: 'Sevilla', check_in: '2026-05-03', nights: 2 },
  },
  { tool: 'hotel', language: 'es', text: 'Llego pasado mañana', values: { check_in: '2026-03-12' } },
  {
    tool: 'hotel',
    language: 'es',
    text: 'Buenos días, prefiero llegar por la mañana',
    values: {},
  },
  { tool: 'hotel', language: 'es', text: 'mañana por la mañana', values: { check_in: '2026-03-11' } },
  { tool: 'hotel', language: 'es', text: 'el 03/04/2026', values: { check_in: '2026-04-03' } },
  {
    tool: 'hotel',
    language: 'de',
    text: 'Guten Morgen, ich hätte gern ein Zimmer in Bremen',
    values: { city: 'Bremen' },
  },
  {
    tool: 'hotel',
    language: 'de',
    text: 'Ein Zimmer in Köln ab 3.4.2026 für drei Nächte',
    values: { city: 'Köln', check_in: '2026-04-03', nights: 3 },
  },
  { tool: 'hotel', language: 'de', text: 'morgen früh', values: { check_in: '2026-03-11' } },
  { tool: 'hotel', language: 'de', text: 'Gibt es einen Parkplatz?', values: {} },
  // Clinic
  {
    tool: 'clinic',
    language: 'en',
    text: 'I am patient P-20417 and need to come in next Friday',
    values: { patient_id: 'P-20417', day: '2026-03-20' },
  },
  { tool: 'clinic', language: 'en', text: 'p-20417', values: { patient_id: 'P-20417' }, asked: ['patient_id'] },
  { tool: 'clinic', language: 'en', text: 'Is Dr. March in today?', values: { day: '2026-03-10' } },
  { tool: 'clinic', language: 'en', text: 'The sun is strong and I sat in it too long', values: {} },
  { tool: 'clinic', language: 'en', text: 'the day after tomorrow, at ten', values: { day: '2026-03-12' } },
  { tool: 'clinic', language: 'en', text: 'Today', zone: 'Pacific/Auckland', values: { day: '2026-03-11' } },
  {
    tool: 'clinic',
    language: 'es',
    text: 'Soy la paciente P-00031, ¿puede ser el viernes?',
    values: { patient_id: 'P-00031', day: '2026-03-13' },
  },
  { tool: 'clinic', language: 'es', text: 'Anteayer me dolía la espalda', values: { day: '2026-03-08' } },
  {
    tool: 'clinic',
    language: 'de',
    text: 'Patientennummer P-55120, am Montag bitte',
    values: { patient_id: 'P-55120', day: '2026-03-16' },
  },
  { tool: 'clinic', language: 'de', text: 'Am Morgen habe ich immer Kopfschmerzen', values: {} },
  { tool: 'clinic', language: 'de', text: 'übermorgen', values: { day: '2026-03-12' }, asked: ['day'] },
  { tool: 'clinic', language: 'de', text: 'Ich möchte so früh wie möglich kommen', values: {} },
  // Card
  {
    tool: 'card',
    language: 'en',
    text: 'My card ending in 4417 was stolen',
    values: { last_digits: '4417', reason: 'stolen' },
  },
  {
    tool: 'card',
    language: 'en',
    text: 'Card 4417, limit 1,000 please',
    values: { last_digits: '4417', limit: 1000 },
  },
  // Nobody writes one euro like this in German, and a thousand neither.
  { tool: 'card', language: 'de', text: 'Karte 4417, Limit 1,000', values: { last_digits: '4417' } },
  {
    tool: 'card',
    language: 'en',
    text: 'Card 4417, set the limit to 1,250.50',
    values: { last_digits: '4417', limit: 1250.5 },
  },
  { tool: 'card', language: 'en', text: 'My PIN does not work', values: {} },
  {
    tool: 'card',
    language: 'es',
    text: 'Tarjeta 9032, límite de 1.000,50',
    values: { last_digits: '9032', limit: 1000.5 },
  },
  { tool: 'card', language: 'es', text: 'No encuentro mi tarjeta', values: {} },
  {
    tool: 'card',
    language: 'de',
    text: 'Karte 9032 sperren, Limit 2 500 Euro',
    values: { last_digits: '9032', limit: 2500 },
  },
  { tool: 'card', language: 'de', text: 'Was kostet die Karte?', values: {} },
  {
    tool: 'card',
    language: 'en',
    text: 'yes',
    values: { last_digits: '4417', replacement: true },
    known: { last_digits: '4417' },
    asked: ['replacement'],
  },
  {
    tool: 'card',
    language: 'de',
    text: 'nein, danke',
    values: { last_digits: '4417', replacement: false },
    known: { last_digits: '4417' },
    asked: ['replacement'],
  },
  // Parcel
  {
    tool: 'parcel',
    language: 'en',
    text: 'Please collect PK-1180-552, weight 12.5, on Thursday',
    values: { tracking_code: 'PK-1180-552', weight: 12.5, pickup_at: '2026-03-12' },
  },
  {
    tool: 'parcel',
    language: 'en',
    text: 'It weighs three kilos',
    values: { weight: 3 },
    asked: ['weight'],
  },
  { tool: 'parcel', language: 'en', text: 'Version 2.10.3 of your app is slow', values: {} },
  {
    tool: 'parcel',
    language: 'es',
    text: 'Recogida de PK-1180-552, peso 12,5, mañana',
    values: { tracking_code: 'PK-1180-552', weight: 12.5, pickup_at: '2026-03-11' },
  },
  { tool: 'parcel', language: 'es', text: '¿Aceptan muebles?', values: {} },
  {
    tool: 'parcel',
    language: 'de',
    text: 'Bitte PK-1180-552 abholen, 12,5 kg, heute',
    values: { tracking_code: 'PK-1180-552', weight: 12.5, pickup_at: '2026-03-10' },
  },
  { tool: 'parcel', language: 'de', text: 'Das dauert zu lange', values: {} },
  {
    tool: 'parcel',
    language: 'en',
    text: 'What about the other one?',
    values: {},
    before: ['Where is PK-1180-552?'],
  },
  {
    tool: 'parcel',
    language: 'en',
    text: 'Can you collect it on 2026-04-02?',
    values: { tracking_code: 'PK-1180-552', pickup_at: '2026-04-02' },
    before: ['I have a parcel PK-1180-552'],
  },
  // Gym
  {
    tool: 'gym',
    language: 'en',
    text: 'Member number G7731, freeze from 1 June for six weeks',
    values: { member_number: 'G7731', from: '2026-06-01', weeks: 6 },
  },
  { tool: 'gym', language: 'en', text: 'Which weeks are quiet?', values: {} },
  {
    tool: 'gym',
    language: 'es',
    text: 'Soy el socio número G7731, desde el 1 de junio, seis semanas',
    values: { member_number: 'G7731', from: '2026-06-01', weeks: 6 },
  },
  { tool: 'gym', language: 'es', text: '¿Abren los domingos?', values: {} },
  {
    tool: 'gym',
    language: 'de',
    text: 'Mitgliedsnummer G7731, ab dem 1. Juni für 6 Wochen',
    values: { member_number: 'G7731', from: '2026-06-01', weeks: 6 },
  },
  { tool: 'gym', language: 'de', text: 'Die Sauna ist kaputt', values: {} },
  // School
  {
    tool: 'school',
    language: 'en',
    text: 'My daughter is called Mia Torres and is ill today',
    values: { child_name: 'Mia Torres', day: '2026-03-10' },
  },
  {
    tool: 'school',
    language: 'en',
    text: 'Leo was away yesterday, write to me at k.ito@mail.test',
    values: { day: '2026-03-09', email: 'k.ito@mail.test' },
  },
  { tool: 'school', language: 'en', text: 'When do the holidays begin?', values: {} },
  {
    tool: 'school',
    language: 'es',
    text: 'Mi hijo se llama Hugo Vidal y hoy no puede ir',
    values: { child_name: 'Hugo Vidal', day: '2026-03-10' },
  },
  { tool: 'school', language: 'es', text: '¿Cuándo empiezan las clases?', values: {} },
  {
    tool: 'school',
    language: 'de',
    text: 'Mein Sohn heißt Jonas Weber und war gestern krank',
    values: { child_name: 'Jonas Weber', day: '2026-03-09' },
  },
  { tool: 'school', language: 'de', text: 'Gestern wurde viel gelacht', values: { day: '2026-03-09' } },
  { tool: 'school', language: 'fr', text: 'Mon fils est malade demain', values: { day: '2026-03-11' } },
  { tool: 'gym', language: 'pl', text: 'morgen may tomorrow', values: {} },
];

it.each(CASES.map((one) => [one.tool, one.language, one.text, one] as const))(
  'takes from %s, %s: "%s" what it says and nothing else',
  (_tool, _language, _text, one) => {
    const history = (one.before ?? []).map((content): HistoryMessage => ({ role: 'user', content, metadata: {} }));
    const request = {
      tool: TOOLS[one.tool],
      text: one.text,
      history,
      known: one.known ?? {},
      asked: one.asked ?? [],
      language: one.language,
      timeZone: one.zone ?? 'UTC',
    };
    expect(rules.extractNow(request)).toEqual(one.values);
  },
);

/** A Wednesday. These were written after the rules, and changed two of them. */
const later = new RuleEntityExtractor(() => new Date('2026-10-14T09:00:00Z'));

const number = (title: string, rest: Record<string, unknown> = {}) => ({ type: 'number', title, ...rest });
const MORE_TOOLS = {
  table: tool('reserve_table', {
    name: 'Reserve a table',
    inputSchema: object({ guests: integer('guests'), day: date('day'), terrace: { type: 'boolean' } }, ['terrace']),
  }),
  flight: tool('find_flight', {
    name: 'Find a flight',
    inputSchema: object(
      { origin: string('origin'), destination: string('destination'), depart: date('depart'), back: date('back') },
      ['back'],
    ),
  }),
  loan: tool('quote_loan', {
    name: 'Loan quote',
    inputSchema: object({
      amount: number('amount', { 'x-labels': { de: 'der Betrag', es: 'el importe' } }),
      months: integer('months'),
    }),
  }),
  book: tool('renew_book', {
    name: 'Renew a book',
    inputSchema: object({ card: string('library card number', { pattern: '^LC[0-9]{6}$' }), until: date('until') }, [
      'until',
    ]),
  }),
} as const;

const LATER: readonly [keyof typeof MORE_TOOLS, string, string, object][] = [
  ['table', 'en', 'A table for four on Saturday', { guests: 4, day: '2026-10-17' }],
  [
    'table',
    'en',
    'Could we have a table for 6 guests on November 2nd, terrace if possible',
    { guests: 6, day: '2026-11-02', terrace: true },
  ],
  ['table', 'en', 'Do you have high chairs?', {}],
  ['table', 'es', 'Mesa para cinco el sábado', { guests: 5, day: '2026-10-17' }],
  ['table', 'es', 'Una mesa para 3 personas el 24 de diciembre', { guests: 3, day: '2026-12-24' }],
  ['table', 'es', '¿Se puede fumar en la terraza?', {}],
  ['table', 'de', 'Einen Tisch für acht Personen am Samstag', { guests: 8, day: '2026-10-17' }],
  ['table', 'de', 'Guten Morgen, haben Sie heute Abend etwas frei für zwei?', { guests: 2, day: '2026-10-14' }],
  ['table', 'de', 'Was gibt es morgen zu Mittag?', { day: '2026-10-15' }],
  ['flight', 'en', 'From Oslo to Rome on 5 January', { origin: 'Oslo', destination: 'Rome', depart: '2027-01-05' }],
  [
    'flight',
    'en',
    'Flights to New York from Dublin, 3 to 9 November',
    { origin: 'Dublin', destination: 'New York', depart: '2026-11-03', back: '2026-11-09' },
  ],
  [
    'flight',
    'es',
    'Vuelo de Bilbao a Praga el 2/11/2026',
    { origin: 'Bilbao', destination: 'Praga', depart: '2026-11-02' },
  ],
  [
    'flight',
    'de',
    'Flug von Wien nach Lissabon übermorgen',
    { origin: 'Wien', destination: 'Lissabon', depart: '2026-10-16' },
  ],
  ['flight', 'de', 'Wie viel Gepäck darf ich mitnehmen?', {}],
  ['flight', 'en', 'Can I bring my dog?', {}],
  ['loan', 'en', 'I need 12,500 over 36 months', { amount: 12500, months: 36 }],
  ['loan', 'en', 'An amount of 20k for twenty months', { amount: 20000, months: 20 }],
  ['loan', 'es', 'Un importe de 7.500,00 en 24 meses', { amount: 7500, months: 24 }],
  ['loan', 'de', 'Betrag 15.000 Euro, 48 Monate', { amount: 15000, months: 48 }],
  ['loan', 'de', 'Ist mein Antrag da?', {}],
  ['loan', 'es', '¿Qué papeles hacen falta?', {}],
  ['book', 'en', 'Renew LC204417 until next Monday', { card: 'LC204417', until: '2026-10-19' }],
  ['book', 'en', 'My card is lc204417', { card: 'LC204417' }],
  ['book', 'es', 'Renovar con LC204417 hasta el 30 de octubre', { card: 'LC204417', until: '2026-10-30' }],
  ['book', 'de', 'Bitte LC204417 verlängern bis 30.10.', { card: 'LC204417', until: '2026-10-30' }],
  ['book', 'en', 'How many books may I borrow in May?', {}],
];

it.each(LATER)('takes from %s, %s: "%s" what it says and nothing else', (key, language, text, values) => {
  const request = {
    tool: MORE_TOOLS[key],
    text,
    history: [],
    known: {},
    asked: [],
    language,
    timeZone: 'Europe/Berlin',
  };
  expect(later.extractNow(request)).toEqual(values);
});
