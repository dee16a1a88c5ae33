import { excerpt, fold, wordsOf } from '#platform/text';

/** Words by which a question leans on what was said before, by language. Folded, as they are compared. */
interface Pointers {
  /** At the beginning: "And for children?" */
  readonly leading: readonly string[];
  /** In the place of something that was named before, whatever stands around them: "When will it arrive?" */
  readonly sureStandIns: readonly string[];
  /** The same, or something else: "How long does that take?", "the sign that you see". */
  readonly standIns: readonly string[];
  /** At the beginning of a question that is one by itself. */
  readonly asking: readonly string[];
  /** What was done is to be done once more, or otherwise: "send it again". */
  readonly repeating: readonly string[];
  /** At the beginning of what is only a circumstance of something said before: "by post?" */
  readonly prepositions: readonly string[];
  /** Before whoever is asked to do something; a question by its form alone: "can you write …?" */
  readonly requesting: readonly string[];
}

const WORDS: Readonly<Record<'en' | 'es' | 'de', Pointers>> = {
  en: {
    leading: [
      'and',
      'also',
      'but',
      'so',
      'or',
      'then',
      'even',
      'what about',
      'how about',
      'what if',
      'no',
      'not',
      'sorry',
    ],
    sureStandIns: ['it', 'its', 'them', 'those', 'that one', 'this', 'the same'],
    standIns: 'that these they there then he him she her one ones other another same both either too well'.split(' '),
    asking:
      'how what when where why who whose which can could may might must do does did is are am was were will would shall should has have'.split(
        ' ',
      ),
    repeating: ['again', 'instead', 'once more', 'one more time', 'the same'],
    prepositions: 'by with without for from to in on at via per into until after before during through'.split(' '),
    requesting: [
      'can you',
      'could you',
      'can u',
      'will you',
      'would you',
      'can we',
      'could we',
      'can i have',
      'can i get',
    ],
  },
  es: {
    leading: ['y', 'e', 'o', 'pero', 'entonces', 'tambien', 'que tal', 'que hay de', 'no', 'perdon', 'incluso'],
    sureStandIns: ['eso', 'esa', 'ese', 'ello', 'este', 'lo mismo'],
    standIns: 'esos esas el ellos ellas ahi alli otro otra otros otras mismo misma ambos tampoco'.split(' '),
    asking:
      'como que cual cuales cuando cuanto cuanta cuantos cuantas donde quien por para puedo puede pueden hay es son esta tengo tiene hace'.split(
        ' ',
      ),
    repeating: ['otra vez', 'de nuevo', 'nuevamente', 'una vez mas', 'lo mismo', 'en su lugar', 'en vez'],
    prepositions: 'por con sin para de desde a al en hasta tras mediante'.split(' '),
    requesting: ['puedes', 'podrias', 'puede usted', 'podria', 'me puedes', 'me podrias', 'puede', 'podemos'],
  },
  de: {
    leading: [
      'und',
      'oder',
      'aber',
      'auch',
      'was ist mit',
      'wie ist es mit',
      'dann',
      'nein',
      'entschuldigung',
      'sogar',
    ],
    sureStandIns: ['dieser', 'dieses', 'diese', 'davon', 'dafur', 'dazu', 'damit', 'dasselbe', 'das gleiche'],
    standIns: 'es das dies dabei daran darin dort da er ihn ihm sie ihnen andere anderen beide auch denn'.split(' '),
    asking:
      'wie was wann wo wohin woher warum wieso weshalb wer wen wem welche welcher welches kann konnen darf durfen muss mussen soll ist sind hat habe gibt wird werden'.split(
        ' ',
      ),
    repeating: [
      'nochmal',
      'nochmals',
      'noch mal',
      'noch einmal',
      'erneut',
      'wieder',
      'stattdessen',
      'das gleiche',
      'dasselbe',
    ],
    prepositions: 'auf mit ohne fur per aus nach zu zum zur in im bei ab bis vor uber via an am ans von durch'.split(
      ' ',
    ),
    requesting: ['kannst du', 'konnen sie', 'konntest du', 'konnten sie', 'kann ich bitte', 'wurdest du', 'wurden sie'],
  },
};

/** "Sorry, I meant …": says nothing of what is meant. */
const CORRECTIONS =
  /(?<![\p{L}\p{N}])(?:sorry|oops|i mean(?:t)?|no wait|wait|perd[oó]n|quise decir|quer[ií]a decir|quiero decir|entschuldigung|sorry|ich mein(?:t)?e|moment)(?![\p{L}\p{N}])[ ,.!:;]*/giu;

export function withoutCorrection(question: string): string {
  const rest = question.replace(CORRECTIONS, '').trim();
  return rest === '' ? question : rest;
}

/** By the words alone; a word of one language that means something else in another is only ever one hint among several. */
export interface Leaning {
  /** It begins with a word that goes on from what was said. */
  readonly leads: boolean;
  /** It names something by a word that stands for something else. */
  readonly standsIn: boolean;
  /** It can hardly be understood without what was said before it: more than a hint, whatever its language. */
  readonly pointsBack: boolean;
  /** It has no question of its own: "for students?", "no, Tuesdays". */
  readonly elliptical: boolean;
  /** It wants what was done once more, or otherwise. */
  readonly repeats: boolean;
  /** It is nothing but a circumstance: "and by post?", "auf Rechnung?" */
  readonly circumstance: boolean;
}

/** Words of a circumstance, its preposition among them. */
const LONGEST_CIRCUMSTANCE = 4;
const LONGEST_LEAD = 4;

export function leaningOf(question: string): Leaning {
  const words = wordsOf(fold(question));
  const known = Object.values(WORDS);
  const lead = Math.max(
    0,
    ...known.flatMap(({ leading }) => leading.map((phrase) => begins(words, phrase.split(' ')))),
  );
  const rest = words.slice(lead);
  const asks = (word: string) => known.some(({ asking }) => asking.includes(word));
  const [first = ''] = rest;
  const sure = known.some(({ sureStandIns }) => sureStandIns.some((phrase) => contains(words, phrase.split(' '))));
  return {
    pointsBack: lead > 0 || sure,
    repeats: known.some(({ repeating }) => repeating.some((phrase) => contains(words, phrase.split(' ')))),
    circumstance:
      rest.length > 1 &&
      rest.length <= LONGEST_CIRCUMSTANCE &&
      known.some(({ prepositions }) => prepositions.includes(first)) &&
      !rest.slice(1).some(asks),
    leads: lead > 0,
    standsIn: rest.length > 1 && (sure || rest.some((word) => known.some(({ standIns }) => standIns.includes(word)))),
    elliptical: !rest.slice(0, 1).some(asks),
  };
}

/** True when a message can hardly be understood without the one before. */
export function pointsBack(message: string): boolean {
  return leaningOf(excerpt(message, LONGEST_QUESTION, LONGEST_QUESTION)).pointsBack;
}

/** True of a single word that goes on from what was said. */
export function isLeading(word: string): boolean {
  return Object.values(WORDS).some(({ leading }) => leading.includes(fold(word)));
}

/** Asks for an answer, by its first word or its sign; not "can you write one?", which asks for something to be done. */
export function isQuestion(message: string): boolean {
  const words = wordsOf(fold(message.slice(0, LONGEST_QUESTION)));
  const known = Object.values(WORDS);
  if (known.some(({ requesting }) => requesting.some((phrase) => begins(words, phrase.split(' ')) > 0))) return false;
  const [first = ''] = words;
  return /[?？]\s*$/.test(message) || known.some(({ asking }) => asking.includes(first));
}
const LONGEST_QUESTION = 400;

function contains(words: readonly string[], phrase: readonly string[]): boolean {
  return words.some((_word, at) => begins(words.slice(at, at + phrase.length), phrase) > 0);
}

/** How many words of the phrase the text begins with: all or none. */
function begins(words: readonly string[], phrase: readonly string[]): number {
  return phrase.length <= LONGEST_LEAD && phrase.every((word, at) => words[at] === word) ? phrase.length : 0;
}
