/** What an answer must hold where the question says so plainly. */
export type Demand = 'price' | 'time' | 'number';

export interface DemandWords {
  /** Expressions that ask for it. Where `…` stands, up to eight words may. */
  readonly asking: Readonly<Record<Demand, readonly string[]>>;
  /** "When" asks for a time where one of these follows it; else it tells of one: "What happens when I die?" */
  readonly when: { readonly after: string; readonly word: string; readonly verbs: readonly string[] };
  /** Numbers as words; not those that are articles too. */
  readonly numbers: readonly string[];
  /** Beside the signs of currencies. With a hyphen at the end: in all its forms. */
  readonly money: readonly string[];
  readonly times: readonly string[];
}

const words = (list: string) => list.split(' ');

/** Folded, as they are compared. */
export const DEMAND_WORDS: Readonly<Record<'en' | 'es' | 'de', DemandWords>> = {
  en: {
    asking: {
      price: [
        ...['is', 'are', 'was', 'were', 'does', 'do', 'did', 'will', 'would', 'for'].map((verb) => `how much ${verb}`),
        'how expensive',
        'how much…cost',
        'how much…pay',
        ...['cost', 'charge', 'price', 'fee'].flatMap((noun) => [`what do…${noun}`, `what does…${noun}`]),
        ...['cost', 'charge', 'price', 'fee'].flatMap((noun) => [`what will…${noun}`, `what would…${noun}`]),
        ...['price', 'fee', 'cost'].flatMap((noun) => [`what is…${noun}`, `what are…${noun}s`]),
      ],
      time: [
        ...['how long', 'how soon', 'how quickly', 'until when', 'since when', 'by when'],
        ...['time', 'year', 'day', 'date', 'month', 'century'].flatMap((unit) => [`what ${unit}`, `which ${unit}`]),
      ],
      number: [
        ...words('many high tall deep far large big wide heavy old fast often').map((size) => `how ${size}`),
        'maximum number',
        'minimum number',
      ],
    },
    when: { after: 'and', word: 'when', verbs: words('is are was were do does did will can must should may') },
    numbers: words(
      'two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty hundred hundreds thousand ' +
        'thousands million millions billion billions dozen dozens twice half none',
    ),
    money: words('euro- dollar- pound- cent- pence free nothing'),
    times: words(
      'day- week- month- year- hour- minute- century centuries january february march april may june july august september ' +
        'october november december monday- tuesday- wednesday- thursday- friday- saturday- sunday- daily weekly monthly yearly ' +
        'immediately soon night- always never until before after when during',
    ),
  },
  es: {
    asking: {
      price: words('cuesta cuestan vale valen cobran cobra cobrais pago es').map((verb) => `cuanto ${verb}`),
      time: [
        ...['cuanto tiempo', 'hasta cuando', 'desde cuando'],
        ...['hora', 'ano', 'fecha', 'dia', 'mes'].flatMap((unit) => [`a que ${unit}`, `en que ${unit}`]),
      ],
      number: ['cuantos', 'cuantas'],
    },
    when: { after: 'y', word: 'cuando', verbs: words('es se son fue eran hay puedo tengo debo') },
    numbers: words(
      'dos tres cuatro cinco seis siete ocho nueve diez once doce veinte cien ciento mil millones mitad docena nunca',
    ),
    money: words('euro- dolar- peso- centimo- gratis gratuit- nada'),
    times: words(
      'dia- semana- mes meses ano anos hora- minuto- siglo- enero febrero marzo abril mayo junio julio agosto septiembre octubre ' +
        'noviembre diciembre lunes martes miercoles jueves viernes sabado- domingo- siempre nunca hasta antes despues cuando durante',
    ),
  },
  de: {
    asking: {
      price: [
        ...words('kostet kosten').flatMap((verb) => [`was ${verb}`, `wie viel ${verb}`, `wieviel ${verb}`]),
        ...['wie teuer', 'wie viel zahle', 'wie viel bezahle', 'was zahle', 'was bezahle'],
      ],
      time: [
        ...['wie lange', 'ab wann', 'bis wann', 'seit wann', 'um wie viel uhr'],
        ...words('jahr tag monat').flatMap((unit) => [`in welchem ${unit}`, `an welchem ${unit}`]),
      ],
      number: words('viele hoch tief weit gross breit schwer alt schnell oft').map((size) => `wie ${size}`),
    },
    when: { after: 'und', word: 'wann', verbs: words('ist sind war waren kann muss wird werden hat haben darf soll') },
    numbers: words(
      'zwei drei vier funf sechs sieben acht neun zehn elf zwolf zwanzig dreissig hundert tausend million- dutzend halb- keine zweimal dreimal',
    ),
    money: words('euro- cent- franken kostenlos- umsonst gratis frei nichts'),
    times: words(
      'tag- taglich woche- wochentlich monat- jahr- stunde- minute- jahrhundert- januar februar marz april mai juni juli august ' +
        'september oktober november dezember montag- dienstag- mittwoch- donnerstag- freitag- samstag- sonntag- sofort nacht- immer ' +
        'nie bis vor nach wann wahrend uhr',
    ),
  },
};
