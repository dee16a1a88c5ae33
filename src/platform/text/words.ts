/** Words that say nothing about a topic, in the three languages of the offline ports. */
const STOP_WORDS = new Set(
  `a about after again all also additionally besides am an and any are as at be been before being but by can could d did do does doing done for from
  get give go going got had has have he her here hers him his how i if in into is it its just know let like ll m make may me
  might more most much my need no not now of off on once one only or other our out over own please re s same she should so some
  still such t tell than that the their them then there these they thing this those through to too under until up us ve very
  want was we were what when where which while who whom why will with would yes you your yours hi hello hey thanks thank
  el la los las lo un una unos unas de del al a y o u e que qué quien quién cual cuál como cómo cuando cuándo donde dónde por para
  con sin sobre es son era ser está están estoy estar esta este esto estas estos ese esa eso mi mis tu tus su sus me te se le les
  nos yo tú él ella ustedes usted muy más menos no sí si ya hay he ha han tengo tiene tienen quiero puedo puede pueden favor hola gracias
  der die das den dem des ein eine einen einem einer eines und oder aber doch ist sind war waren sein bin bist seid wird werden
  wurde ich du er sie es wir ihr mich mir dich dir ihn ihm uns euch mein meine meinen meinem meiner dein deine sein seine ihre
  ihren wie was wo wann warum wer wen wem welche welcher welches kann kannst können könnte könnten muss müssen soll will möchte
  nicht kein keine auf aus bei bis durch für gegen im in ins mit nach ohne seit um unter von vor zu zum zur über als auch nur
  noch schon so wenn weil dass haben habe hat hatte gibt bitte hallo danke`
    .split(/\s+/)
    .map(fold),
);

/** Lower case without accents, so that "Envío" and "envio" meet. */
export function fold(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replace(/ß/g, 'ss');
}

export function isStopWord(word: string): boolean {
  return STOP_WORDS.has(fold(word));
}

/**
 * A light stem for three languages at once: inflection off, so that "refunds", "refunded" and "refund" meet. Not
 * linguistics; it only has to be the same on both sides of a comparison.
 */
export function stem(word: string): string {
  let base = word;
  if (/\d/.test(base)) return base;
  for (const ending of ENDINGS) {
    if (base.length - ending.length >= 3 && base.endsWith(ending)) {
      base = base.slice(0, -ending.length);
      break;
    }
  }
  // shipping -> shipp -> ship
  if (base.length > 3 && base.at(-1) === base.at(-2) && !/[aeiouls]$/.test(base)) base = base.slice(0, -1);
  if (base.length > 3 && base.endsWith('e')) base = base.slice(0, -1);
  return base.length > 4 && base.endsWith('y') ? `${base.slice(0, -1)}i` : base;
}
const ENDINGS = (
  'aciones amiento imiento ationen ungen ciones mente idades ación ing ings ungs ung ment ments ation ations ción idad ies ied ers ' +
  'ern est eren ando iendo ado ada ados adas ido ida idos idas ar er ir es ed en em s n o a'
)
  .split(' ')
  .map(fold)
  .sort((a, b) => b.length - a.length);

/** Stems of the words that carry meaning, in order, with repeats. */
export function contentStems(text: string): string[] {
  return (fold(text).match(/[\p{L}\p{N}]+/gu) ?? [])
    .filter((word) => !STOP_WORDS.has(word) && (word.length > 1 || /\d/.test(word)))
    .map(stem);
}

/** As `contentStems`, without numbers and addresses: which order is meant says nothing about what is wanted of it. */
export function topicStems(text: string): string[] {
  return contentStems(text.replace(/(?<!\S)(?:\S{1,64}@|https?:\/\/)\S{1,300}/g, ' ')).filter(
    (stem) => !/\d/.test(stem),
  );
}

/** How many words there are, whatever they mean. */
export function wordCount(text: string): number {
  return text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0;
}

/**
 * The beginning and the end of a long text: what a message is for is said there, and rules that look for it must not
 * take longer than the text deserves.
 */
export function excerpt(text: string, head: number, tail: number): string {
  return text.length <= head + tail ? text : `${text.slice(0, head)}\n${text.slice(-tail)}`;
}
