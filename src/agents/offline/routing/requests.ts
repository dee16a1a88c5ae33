import { excerpt, fold } from '#platform/text';

/**
 * "I want to talk to a person", in six languages, on folded text. Needs someone and a wish of the one who writes to reach
 * them now: whoever asks about a job among people, how to speak to a boss, or for anything without AI in it, is not meant.
 */
const SOMEONE_EN =
  '(?:an? |the |some |your |one of your |any )?(?:(?:real|live|actual|human|physical|support|customer|service|sales|care) )*(?:human(?! resources)(?: being)?|person|agent|representative|rep|operator|advisor|adviser|supporter|staff(?: member)?|employee|manager|supervisor|colleague|somebody|someone|support team|customer (?:service|support|care)|team member|(?:real|actual|live|your) people)';
const WISH_EN =
  "(?:^|[.!,;:] |\\b(?:i|we) (?:really |just |would |rather |now |do |still )*(?:want|wanna|need|like|love|prefer|wish|demand|have|must) (?:to )?|\\b(?:i|we)'d (?:like|love|prefer|rather) (?:to )?|\\b(?:please|just) (?:let me )?|^let me |\\blet me (?:please )?|\\b(?:can|could|may|might|should) (?:i|we|you) (?:please |possibly |just )?(?:let me )?|\\bhow (?:can|could|do|may) (?:i|we) (?:get to )?|\\b(?:possible|able|trying|like) to |\\bi(?:'m| am) (?:trying|hoping|waiting) to )";
/** What comes behind a machine that somebody does not want to talk with: nothing, or the next thing that is said. */
const END = "(?=$|[.,!;:]| (?:any ?more|again|but|please|now|here|because|i|i'm|any longer)\\b)";
const MACHINE = `(?:an? |this |the |your |some )?(?:stupid |dumb |damn )?(?:bots?|robots?|machines?|chatbots?|ai)${END}`;
const WANTS_PERSON: readonly RegExp[] = [
  new RegExp(`${WISH_EN}(?:talk|speak|chat)(?: directly)? (?:to|with) ${SOMEONE_EN}\\b`),
  new RegExp(
    `\\b(?:connect|transfer|forward|redirect|escalate|hand|put|pass) (?:me|us|this chat|this conversation|this)(?: (?:over|through|on))?(?: directly)? (?:to|with) ${SOMEONE_EN}\\b`,
  ),
  new RegExp(`${WISH_EN}(?:connect|transfer|escalate)(?: (?:me|us))? (?:to|with) ${SOMEONE_EN}\\b`),
  new RegExp(
    `${WISH_EN}(?:please )?(?:want|need|like|get|give|have|prefer|reach|contact|call|request)?(?: me| us| to (?:reach|contact|call|get|have|see))? ?(?:an? |the )?(?:real|live|actual|human) (?:person|human|agent|being|operator|representative|support|help|assistance)\\b`,
  ),
  new RegExp(`${WISH_EN}(?:get |give |have )?(?:me )?an? human${END}`),
  /^(?:(?:an? )?(?:real |live |actual )?(?:human|operator|representative|live agent|real person)|agent)(?: please)?[.! ]*$/,
  new RegExp(
    `\\b(?:(?:don't|do not|dont|won't|didn't) (?:want|wanna|like)(?: to)?|stop|instead of|sick of|tired of|hate) (?:(?:talk|speak|chat)(?:ing)? (?:to|with) )${MACHINE}`,
  ),
  new RegExp(`\\b(?:(?:i|we) (?:don't|do not|dont) want|sick of|tired of) ${MACHINE}`),
  /(?:^|\b(?:please|to|you|must) )escalate (?:this|it|my (?:case|issue|ticket|problem|complaint)|the (?:case|issue|ticket|problem|complaint))\b/,
  /\b(?:quiero|quisiera|necesito|puedo|podria|prefiero|deseo|me gustaria|exijo|dejame|como puedo|por favor|^) ?(?:hablar|chatear|comunicarme|contactar|conectar(?:me)?)(?: directamente)? (?:con|a) (?:una?|el|la|algun|alguna)? ?(?:persona|humano|agente(?! inmobiliari)|asesor|asesora|operador|operadora|representante|empleado|alguien|encargado|gerente|ser humano)\b/,
  /\b(?:pasar?me|paseme|pasame|ponme|ponerme|conectame|comuniqueme) (?:con|a) (?:una?|el|la|algun|alguna)? ?(?:persona|humano|agente|asesor|asesora|operador|operadora|representante|empleado|alguien|encargado|gerente|ser humano)\b/,
  /\b(?:quiero|necesito|prefiero) (?:una?) (?:(?:persona|agente|asesor|operador) (?:real|humano|humana|de verdad)|humano|agente|asesor|operador)(?! inmobiliari)\b/,
  /^(?:una? )?(?:persona real|agente humano|atencion humana|ser humano)(?:,? por favor)?[.! ]*$/,
  /\b(?:atencion humana|atencion al cliente por favor)\b/,
  /\b(?:ich|wir|kann|konnte|darf|bitte|wurde|mochte|will)\b(?:(?! (?:denen|dem ich|der ich)\b)[^.!?]){0,60}?\bmit (?:einem|einer|ihrem|jemandem|dem|der|ihren) ?(?:echten |richtigen |realen |menschlichen )?(?:menschen|mitarbeiter(?:in|n)?|berater(?:in)?|person|kundendienst|kundenservice|support|ansprechpartner(?:in)?|kollegen|kollegin|vorgesetzten)?(?: aus fleisch und blut| vom support| vom kundendienst)? (?:sprechen|reden|chatten|verbunden|verbinden|telefonieren)\b/,
  /\b(?:sprechen|reden|verbinden sie mich|verbinde mich|stellen sie mich durch) (?:bitte )?(?:ich )?(?:bitte )?(?:mit|zu) (?:einem|einer|ihrem|dem|jemandem) ?(?:echten |richtigen |menschlichen )?(?:menschen|mitarbeiter(?:in)?|berater(?:in)?|person|ansprechpartner(?:in)?|kollegen)?\b/,
  /\b(?:will|mochte|brauche|bitte|gib mir|geben sie mir) (?:bitte |gern |gerne |sofort )?(?:einen?|mit einem) (?:echten |richtigen |menschlichen )?(?:menschen|(?:echten|menschlichen) (?:mitarbeiter|ansprechpartner|berater))\b/,
  /\beinen menschen (?:bitte|sprechen)\b/,
  /\b(?:je (?:veux|voudrais|souhaite|aimerais|prefere|dois)|puis-je|est-ce que je peux|peut-on|j'aimerais|laissez-moi) (?:bien |plutot |vraiment )?(?:parler|discuter|etre mise? en (?:relation|contact))(?: directement)? (?:a|avec) (?:(?:une?|votre|le|la|l') ?(?:vraie? |veritable )?(?:personne|humain|etre humain|conseill(?:er|ere)|agent(?! immobilier)|operat(?:eur|rice)|responsable|collegue|service client)|quelqu'un(?! (?:qui|d'autre)\b))/,
  /\b(?:passez-moi|mettez-moi en (?:relation|contact) avec|pouvez-vous me (?:passer|mettre en (?:relation|contact) avec)) (?:une?|votre|le|la|l') ?(?:vraie? )?(?:personne|humain|conseill(?:er|ere)|agent|operat(?:eur|rice)|responsable|collegue|service client)\b/,
  /^(?:une? )?(?:vraie personne|humain|conseiller humain|etre humain)(?:,? s'il vous plait)?[.! ]*$/,
  /\b(?:voglio|vorrei|posso|potrei|preferisco|desidero|fatemi|mi faccia|ho bisogno di) (?:parlare|chattare)(?: direttamente)? con (?:(?:una?|un'|il|la|l'|vostro) ?(?:vera? )?(?:persona|umano|essere umano|operat(?:ore|rice)|consulente|addett[oa]|responsabile)|qualcuno(?! (?:che|di)\b))/,
  /\b(?:quero|queria|gostaria de|posso|poderia|preciso(?: de)?|prefiro|desejo) (?:falar|conversar)(?: diretamente)? com (?:(?:uma?|o|a) ?(?:pessoa|humano|ser humano|atendente|agente(?! imobiliario)|operador[a]?|responsavel|gerente)|alguem(?! (?:que|de)\b))/,
];

/** True when the message asks for a person. */
export function wantsPerson(message: string): boolean {
  const text = normalise(message);
  return WANTS_PERSON.some((pattern) => pattern.test(text));
}

/** A message that is nothing but "stop what we were at". "Cancel my order" is a request and stays one. */
const NEVER_MIND =
  /^(?:no|ok|okay|oh|ah|please|actually|vale|bitte|nein|also)?[, ]*(?:never ?mind(?: (?:that|it|then))?|nvm|forget (?:it|that|about it)|cancel(?: (?:it|that|this))?|stop(?: (?:it|that|this))?|abort|leave it|drop it|no(?:,? (?:thanks|thank you))|nothing|not now|skip(?: it| that)?|olvida(?:lo|te)|dejalo|cancelar?(?:lo)?|no importa|nada|para|no gracias|da igual|abbrechen|abbruch|vergiss es|vergessen sie es|egal|schon gut|lass (?:es|mal)|lassen sie es|stopp?|nein danke|nichts|doch nicht)(?: please| bitte| por favor| thanks| danke| gracias)?[.! ]*$/;

export function saysNeverMind(message: string): boolean {
  return NEVER_MIND.test(normalise(message));
}

/** A bare yes or no: an answer, where something was asked. */
const YES_OR_NO_WORDS =
  'yes|yep|yeah|yup|sure|ok|okay|of course|no|nope|nah|please|go ahead|go for it|do it|do so|absolutely|definitely|confirmed|exactly|correct|right|si|claro|vale|de acuerdo|por supuesto|por favor|correcto|exacto|dale|adelante|hazlo|venga|confirmo|ja|jawohl|jep|klar|gern|gerne|bitte|nein|nee|genau|doch|einverstanden|mach das|mach es|machen sie das|nur zu|los|passt|thanks|thank you|gracias|danke';
const YES_OR_NO = new RegExp(`^(?:(?:${YES_OR_NO_WORDS})(?:[ ,.!]+|$))+$`);
const BEGINS_SO = new RegExp(`^(?:(?:${YES_OR_NO_WORDS})(?:[ ,.!]+))+`);

export function saysYesOrNo(message: string): boolean {
  return message.length <= 80 && YES_OR_NO.test(normalise(message));
}

/** What follows a yes or a no at the beginning of a message, folded: "but only the first"; null where it has none. */
export function besideYesOrNo(message: string): string | null {
  const text = normalise(message);
  const answer = BEGINS_SO.exec(text)?.[0] ?? '';
  return answer === '' ? null : text.slice(answer.length);
}

function normalise(message: string): string {
  return fold(excerpt(message, 800, 400))
    .replace(/[’`´]/g, "'")
    .replace(/[?¿¡"]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
