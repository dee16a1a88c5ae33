import { fold } from '#platform/text';
import type { SmallTalkKind } from '../../turn/phrases.js';

/**
 * Small talk that can be told by its words alone, in three languages: a message that is nothing but such phrases. What
 * stands beside a request ("Hi, where is my order?") is taken off, so that it does not blur routing.
 * Written without accents: both sides are folded.
 */
const KINDS: readonly (readonly [SmallTalkKind, readonly string[]])[] = [
  [
    'who_are_you',
    [
      'who (?:are|r) (?:you|u)',
      'what are you',
      "what(?:'s| is) your name",
      'are you (?:a |an )?(?:bot|robot|human|real|ai|machine|person)(?: person)?',
      'what can you (?:do|help(?: me)? with)(?: for me)?',
      'how can you help(?: me)?',
      'what do you do',
      'introduce yourself',
      'quien eres',
      'que eres',
      'como te llamas',
      'que puedes hacer(?: por mi)?',
      'en que (?:me )?puedes ayudar(?:me)?',
      'eres (?:un |una )?(?:bot|robot|humano|persona|ia)',
      'wer (?:bist du|sind sie)',
      'wie (?:heisst du|heissen sie)',
      'was (?:kannst du|konnen sie)(?: (?:fur mich )?tun| alles)?',
      '(?:bist du|sind sie) (?:ein |eine )?(?:bot|roboter|mensch|maschine|ki)',
    ],
  ],
  [
    'how_are_you',
    [
      'how (?:are|r) (?:you|u)(?: doing)?(?: today)?',
      "how(?:'s| is) (?:it going|your day|everything|life)(?: going)?(?: today)?",
      'how do you do',
      "what(?:'s| is) up",
      'sup',
      'que tal(?: estas)?',
      'como (?:estas|esta(?: usted)?|te va|va todo)(?: hoy)?',
      'wie geht(?:s| es)(?: (?:dir|ihnen|euch))?(?: heute)?',
    ],
  ],
  [
    'bye',
    [
      'good ?bye',
      'bye(?: ?bye)?',
      'see (?:you|ya)(?: later| soon| tomorrow)?',
      'talk to you later',
      'have a (?:nice|good|great|lovely) (?:day|evening|weekend|one)',
      'good night',
      'cya',
      "that(?:'s| is| will be| was)? all(?: for (?:now|today))?",
      'adios',
      'hasta (?:luego|pronto|manana|la vista)',
      'chao',
      'nos vemos',
      'buenas noches',
      'tschuss',
      'auf wiedersehen',
      'bis (?:bald|spater|dann|morgen)',
      'ciao',
      'gute nacht',
      'schonen (?:tag|abend)(?: noch)?',
    ],
  ],
  [
    'thanks',
    [
      'thanks?(?: you)?(?: (?:so|very) much| a lot| a (?:bunch|ton|million))?(?: for (?:your|the|all the) (?:help|answer|support|info|information))?',
      'thank u',
      'thx',
      'ty',
      'cheers',
      'much appreciated',
      '(?:i )?(?:really )?appreciate (?:it|that|your help)',
      '(?:muchas |mil |muchisimas )?gracias(?: por (?:tu|su|la) (?:ayuda|respuesta))?',
      'te lo agradezco',
      '(?:vielen |herzlichen |besten |tausend )?dank(?: (?:dir|ihnen))?(?: fur (?:die|ihre|deine) (?:hilfe|antwort))?',
      'danke(?: ?(?:schon|sehr|dir|ihnen))?(?: fur (?:die|ihre|deine) (?:hilfe|antwort))?',
    ],
  ],
  [
    'praise',
    [
      "(?:that(?:'s| is| was) )?(?:very |really |so )?(?:great|perfect|awesome|nice|cool|excellent|wonderful|amazing|brilliant|helpful|good)(?: job| work| answer| bot)?",
      'sounds good',
      "you(?:'re| are) (?:great|awesome|the best|very helpful|so helpful)",
      '(?:muy |que )?(?:bien|bueno|genial|perfecto|excelente|estupendo)',
      '(?:sehr |das ist )?(?:gut|super|toll|perfekt|prima|klasse|wunderbar)',
      'lol',
      'haha+',
    ],
  ],
  [
    'hello',
    [
      '(?:hi+|hey+|hello+|hiya|howdy|yo|greetings|salutations)(?: (?:there|all|everyone|everybody|team|again|you|bot|folks|guys))?',
      '(?:a )?(?:very )?good (?:morning|afternoon|evening|day)(?: to you)?',
      'nice to meet you',
      '(?:can|could) you help(?: me)?',
      'i (?:need|want)(?: some)? help',
      'help(?: me)?(?: please)?',
      'is (?:any(?:one|body)|someone) there',
      'are you there',
      'test(?:ing)?',
      'hola+',
      'buen(?:os|as)? (?:dias|dia|tardes)',
      'buenas',
      'saludos',
      'hallo+',
      'guten (?:tag|morgen|abend)',
      'moin(?: moin)?',
      'servus',
      'gruss gott',
      'gruezi',
      'hallochen',
    ],
  ],
  // Heard, and neither liked nor disliked.
  [
    'noted',
    [
      '(?:all )?(?:ok|okay|okey|k|alright|all right|got it|i see|understood|makes sense|fine|sure|yes|yep|yeah|no|nope|nah)',
      'si|vale|de acuerdo|entendido|claro|ya veo',
      'ja|nein|nee|alles klar|verstanden|(?:ist )?in ordnung|(?:das )?passt|ach so|gut zu wissen',
    ],
  ],
];

const MATCHERS = KINDS.map(([kind, patterns]) => ({ kind, pattern: new RegExp(`^(?:${patterns.join('|')})$`) }));
/** Words that may stand beside a phrase without changing it. */
const FILLER =
  /^(?:oh|well|so|and|but|um+|eh|ah|please|por favor|bitte|dear|sir|madam|mate|assistant|there|y|und|then|pues|also|now|all|just|to you|to all)$/;

/** Nobody greets at more length. */
const LONGEST = 400;

/** The kind of small talk that the whole message is, or null when it says anything else. */
export function smallTalkKind(message: string): SmallTalkKind | null {
  if (message.length > LONGEST) return null;
  const clauses = clausesOf(message);
  if (clauses.length === 0) return onlySymbols(message) ? 'hello' : null;
  let found: SmallTalkKind | null = null;
  for (const clause of clauses) {
    if (FILLER.test(clause)) continue;
    const kind = kindOf(clause);
    if (kind === null) return null;
    if (found === null || rank(kind) < rank(found)) found = kind;
  }
  return found;
}

function kindOf(clause: string): SmallTalkKind | null {
  const direct = MATCHERS.find(({ pattern }) => pattern.test(clause))?.kind;
  if (direct !== undefined) return direct;
  // "hi how are you", "thanks bye": two phrases without a comma.
  const words = clause.split(' ');
  if (words.length > 8) return null;
  for (let cut = 1; cut < words.length; cut++) {
    const left = words.slice(0, cut).join(' ');
    const right = words.slice(cut).join(' ');
    const head = FILLER.test(left) ? 'filler' : MATCHERS.find(({ pattern }) => pattern.test(left))?.kind;
    if (head === undefined) continue;
    const tail = FILLER.test(right) ? (head === 'filler' ? null : head) : kindOf(right);
    if (tail === null) continue;
    return head === 'filler' || rank(tail) < rank(head) ? tail : head;
  }
  return null;
}

function rank(kind: SmallTalkKind): number {
  return MATCHERS.findIndex((matcher) => matcher.kind === kind);
}

function clausesOf(message: string): string[] {
  return fold(message)
    .replace(/[’`´]/g, "'")
    .replace(/\p{Extended_Pictographic}|[\u{1F1E6}-\u{1F1FF}\uFE0F\u200D]/gu, ' ')
    .split(/[.!?,;:¡¿…\n"()–—-]+/)
    .map((clause) =>
      clause
        .replace(/[^\p{L}\p{N}' ]/gu, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((clause) => clause !== '');
}

/** "👋", ":)" and the like are a wave, not a question; digits and words of other scripts are not. */
function onlySymbols(message: string): boolean {
  return /\p{Extended_Pictographic}|[:;]-?[)D]/u.test(message) && !/[\p{L}\p{N}]/u.test(message);
}
