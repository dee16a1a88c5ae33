import { excerpt, fold } from '#platform/text';

/**
 * "That did not help", on folded text: said of the answer, to whoever gave it. What is said of a thing (a filter that does not
 * work, a doctor who did not help) is a question like any other.
 */
const OF_THE_ANSWER: readonly RegExp[] = [
  /^(?:no[,. ]+|sorry[,. ]+|but )*(?:that|this|it|your answer)(?: really| still)? (?:did not|didn't|does not|doesn't|is not|isn't|was not|wasn't) (?:help|helpful|helping|answer my question|what i (?:asked|asked for|meant|wanted)|useful|right|correct)(?: me)?(?: at all)?(?:[.!,]|$)/,
  /\byou(?:'re| are)? (?:do not|don't|did not|didn't|not|still don't) (?:understand|understanding|get|getting|listen|listening)(?: to)?(?: me| it| my question| what i (?:mean|want|said))?(?:[.!,]|$)/,
  /^(?:this|that) is (?:useless|not helping|wrong|nonsense)(?:[.!,]|$)|^(?:useless|wrong answer|not helpful|that is not what i (?:asked|meant))(?:[.!,]|$)/,
  /\bi (?:already|just) (?:said|told you|asked)(?: you)?(?: that| this)?(?:[.!,]|$)/,
  /^(?:no[,. ]+)?(?:eso|esto) no (?:me )?(?:ayuda|ayudo|sirve|sirvio|responde|es lo que (?:pregunte|pedi|queria))|^no me (?:ayuda|sirve|entiendes|entiende|estas entendiendo|has entendido)(?:[.!,]|$)|^ya (?:te |se )?lo (?:he )?(?:dicho|dije)(?:[.!,]|$)/,
  /^(?:nein[,. ]+)?das (?:hilft|half|hat)(?: mir)? (?:leider )?(?:nicht|gar nicht|nicht weiter|nicht geholfen|mir nicht geholfen)|^(?:sie|du) versteh(?:en|st) mich nicht|^das (?:war|ist) nicht (?:meine frage|was ich (?:gefragt|gemeint|wissen wollte))|^das habe ich (?:schon|bereits|doch) gesagt/,
  /^(?:non[,. ]+)?(?:ca|cela) ne m'aide pas|^vous ne (?:me )?comprenez pas|^ce n'est pas (?:ma question|ce que (?:je demande|j'ai demande))/,
  /^(?:no[,. ]+)?(?:questo )?non (?:mi )?(?:aiuta|e utile|hai capito|ha capito)(?:[.!,]|$)/,
  /^(?:nao[,. ]+)?(?:isso|isto) nao (?:me )?(?:ajuda|ajudou|responde)|^voce nao (?:me )?entende/,
];

/** True when the message says of the answer before it that it was none. */
export function saysItDidNotHelp(message: string): boolean {
  const text = fold(excerpt(message, 400, 200))
    .replace(/[’`´]/g, "'")
    .replace(/[?¿¡"]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return OF_THE_ANSWER.some((pattern) => pattern.test(text));
}
