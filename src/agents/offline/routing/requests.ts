import { excerpt, fold } from '#platform/text';

/**
 * "I want to talk to a person", in three languages, on folded text. Needs both someone and a wish to reach them: an
 * employer who looks for a person, or a question about human resources, is not meant.
 */
const SOMEONE_EN =
  '(?:an? |the |some |your |one of your |any )?(?:(?:real|live|actual|human|physical|support|customer|service|sales|care) )*(?:human(?! resources)(?: being)?|person|people|agent|representative|rep|operator|advisor|adviser|supporter|staff(?: member)?|employee|manager|supervisor|colleague|somebody|someone|support team|customer (?:service|support|care)|team member)';
const WANTS_PERSON: readonly RegExp[] = [
  new RegExp(`\\b(?:talk|speak|chat|spoken|speaking|talking)(?: directly)? (?:to|with) ${SOMEONE_EN}\\b`),
  new RegExp(
    `\\b(?:connect|transfer|forward|redirect|escalate|hand|put|pass)(?: (?:me|this|it|us))?(?: (?:over|through|on))?(?: directly)? (?:to|with) ${SOMEONE_EN}\\b`,
  ),
  new RegExp(
    `\\b(?:want|need|like|get|give|have|prefer|reach|contact|call|request)(?: me| us| to (?:reach|contact|call|get|have|see))? (?:an? |the )?(?:real|live|actual|human|physical) (?:person|human|agent|being|operator|representative|support|help|assistance)\\b`,
  ),
  /\b(?:want|need|like|get|give|prefer)(?: me)? an? human(?! resources)\b/,
  /^(?:(?:an? )?(?:real |live |actual )?(?:human|operator|representative|live agent|real person)|agent)(?: please)?[.! ]*$/,
  /\b(?:not|don't want(?: to (?:talk|speak) to)?|stop|instead of|sick of|tired of) (?:talking to |with )?(?:an? |this |the )?(?:bot|robot|machine|chatbot|ai)\b/,
  /\bescalate (?:this|my|the)\b/,
  /\b(?:hablar|chatear|comunicarme|contactar|conectar(?:me)?|pasar(?:me)?|ponme|paseme|pasame)(?: directamente)? (?:con|a) (?:una?|el|la|algun|alguna|un)? ?(?:persona|humano|agente|asesor|asesora|operador|operadora|representante|empleado|alguien|encargado|gerente|ser humano)\b/,
  /\b(?:quiero|necesito|prefiero) (?:una?|un) (?:persona|humano|agente|asesor|operador)(?: real| humano| de verdad)?\b/,
  /\b(?:persona real|agente humano|atencion humana|atencion al cliente por favor|ser humano)\b/,
  /\bmit (?:einem?|einer|ihrem|jemandem|dem|der)? ?(?:echten |richtigen |realen |menschlichen )?(?:menschen|mitarbeiter(?:in)?|berater(?:in)?|person|jemandem|kundendienst|kundenservice|support|ansprechpartner(?:in)?|kollegen|kollegin|vorgesetzten)\b.*\b(?:sprechen|reden|chatten|verbunden|verbinden|telefonieren)\b/,
  /\b(?:sprechen|reden|verbinden sie mich|verbinde mich) (?:bitte )?(?:ich )?(?:bitte )?mit (?:einem?|einer|ihrem|dem)? ?(?:echten |richtigen |menschlichen )?(?:menschen|mitarbeiter(?:in)?|berater(?:in)?|person|jemandem|ansprechpartner(?:in)?)\b/,
  /\b(?:echten|richtigen|menschlichen) (?:menschen|mitarbeiter|ansprechpartner|berater)\b/,
  /\beinen menschen (?:bitte|sprechen)\b/,
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

/** Words that point back at what was said before. */
const POINTS_BACK =
  /^(?:and|also|but|so|what about|how about|y|tambien|que hay de|und|auch|was ist mit|wie ist es mit)\b|\b(?:it|its|that one|this one|this order|that order|the same|them|those|eso|esa|ese|ello|lo mismo|este pedido|das gleiche|dasselbe|diese|dieser|dieses|davon|dafur|dazu|damit)\b/;

/** True when a message can hardly be understood without the one before. */
export function pointsBack(message: string): boolean {
  return POINTS_BACK.test(normalise(message));
}

/** "another order": what was said before is not meant. */
export function meansAnother(message: string): boolean {
  return /\b(?:another|different|other|new|next|otro|otra|otros|nuevo|nueva|andere[srnm]?|neue[srnm]?|weitere[srnm]?)\b/.test(
    normalise(message),
  );
}

function normalise(message: string): string {
  return fold(excerpt(message, 800, 400))
    .replace(/[’`´]/g, "'")
    .replace(/[?¿¡"]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
