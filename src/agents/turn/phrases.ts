import type { PhraseLanguage } from '#platform/text';

/** What kind of small talk a message is. */
export type SmallTalkKind = 'hello' | 'thanks' | 'bye' | 'how_are_you' | 'who_are_you' | 'praise' | 'noted';

/** The product's own sentences. A tenant's settings may replace them; {placeholders} are filled by `fill`. */
export interface Phrases {
  readonly smallTalk: Readonly<Record<SmallTalkKind, string>>;
  readonly unclear: string;
  /** Before the list of what the agents can do. */
  readonly capabilities: string;
  readonly humanHelp: string;
  readonly notInDocuments: string;
  readonly nothingInDocuments: string;
  readonly stillReading: string;
  readonly retrievalFailed: string;
  readonly sectionFailed: string;
  readonly interrupted: string;
  readonly ask: string;
  readonly askAgain: string;
  readonly and: string;
  readonly yes: string;
  readonly no: string;
  /** Before something is done that cannot be called back. */
  readonly confirm: string;
  /** Before something is sent to the address that the tenant has of the caller. */
  readonly offer: string;
  readonly stopped: string;
  readonly noTool: string;
  readonly toolFailed: string;
  readonly toolRetry: string;
  readonly toolForbidden: string;
  readonly toolNotFound: string;
  readonly toolUnknown: string;
  readonly toolInvalid: string;
  readonly noMatches: string;
  /** Before records that lack {unmet}, in the caller's words. */
  readonly nearestMatches: string;
  /** The same of several. */
  readonly nearestMatchesLacking: string;
  /** Before records of which fewer fit than were asked for. */
  readonly fewFit: string;
  readonly oneFits: string;
  /** Everything like it was shown before. */
  readonly noMore: string;
  /** Before more of what was shown. */
  readonly moreMatches: string;
  /** A place on a list that was not so long. */
  readonly notOnList: string;
  /** What a record does not say. */
  readonly notSaid: string;
  /** No record resembles {asked}. */
  readonly nothingLike: string;
  readonly thereIs: string;
  /** Before what the caller may ask instead. */
  readonly notForYou: string;
  /** The same, where it is known who may: {who}. */
  readonly onlyFor: string;
  readonly matches: string;
  readonly oneMatch: string;
  readonly noProfile: string;
  readonly stepBudget: string;
}

export const PHRASES: Readonly<Record<PhraseLanguage, Phrases>> = {
  en: {
    smallTalk: {
      hello: 'Hello! How can I help you today?',
      thanks: 'You are welcome! Is there anything else I can do for you?',
      bye: 'Goodbye, and have a nice day!',
      how_are_you: 'I am doing well, thank you for asking. What can I do for you?',
      who_are_you: 'I am the assistant of {tenant}.',
      praise: 'Glad to hear that! Let me know if you need anything else.',
      noted: 'All right. I am here if you need anything else.',
    },
    unclear: 'I am not sure what you mean. Could you say it in a little more detail?',
    capabilities: 'I can help with:',
    humanHelp: 'You would like to talk to a person. I have noted your request for the team of {tenant}.',
    notInDocuments: 'I could not find an answer to this in the knowledge base.',
    nothingInDocuments: 'The knowledge base has nothing about this yet.',
    stillReading: 'Some documents are still being read: please ask again in a moment.',
    retrievalFailed: 'I could not search the knowledge base just now. Please try again in a moment.',
    sectionFailed: 'I could not answer the part about "{topic}". Please try again in a moment.',
    interrupted: '(This part broke off. Please ask again.)',
    ask: 'To help with this I need {missing}.',
    askAgain: 'I still need {missing}. You can also say "never mind".',
    and: 'and',
    yes: 'yes',
    no: 'no',
    confirm: 'Please confirm: **{tool}** ({given}). Shall I go ahead? (yes or no)',
    offer: 'To your address: **{tool}** ({given}). Shall I go ahead? (yes or no, or give me another address)',
    stopped: 'All right, I have stopped that. What else can I do for you?',
    noTool: 'I have nothing that can do this for you.',
    toolFailed: 'I could not get that done: {reason}',
    toolRetry: 'Please try again in a moment.',
    toolForbidden: 'You are not allowed to do this. Ask the team of {tenant} if you think you should be.',
    toolNotFound: 'I found nothing for {given}. Please check it and try again.',
    toolUnknown: 'It is not known whether this was done, so it was not tried again. Please ask a person to check.',
    toolInvalid: 'Something about {given} does not fit: {reason}',
    noMatches: 'I found nothing that fits. Try fewer conditions.',
    nearestMatches: 'Nothing fits all of that: {unmet} is missing. Nearest to it:',
    nearestMatchesLacking: 'Nothing fits all of that: {unmet} are missing. Nearest to it:',
    fewFit: 'You asked for {asked}, and {count} fit all of that. The rest come nearest to it:',
    oneFits: 'You asked for {asked}, and only one fits all of that. The rest come nearest to it:',
    noMore: 'That was all that fits: there are no more. With fewer conditions I may find others.',
    moreMatches: 'Here are some more:',
    notOnList: 'There are only {count} on the list that I showed.',
    notSaid: 'The entry does not say.',
    nothingLike: 'I found nothing like {asked} here.',
    thereIs: 'There is, for example: {values}.',
    notForYou: 'I cannot look that up for you. What you can ask here, for example:',
    onlyFor: 'Only people who use this as “{who}” can ask for that. What you can ask here, for example:',
    matches: 'Here are the {count} best matches:',
    oneMatch: 'Here is the best match:',
    noProfile: 'I know nothing about what you are looking for yet. Tell me a few details: skills, place, kind of work.',
    stepBudget: 'I stopped here because this took too many steps. Please ask in smaller parts.',
  },
  es: {
    smallTalk: {
      hello: '¡Hola! ¿En qué puedo ayudarte hoy?',
      thanks: '¡De nada! ¿Puedo ayudarte en algo más?',
      bye: '¡Hasta luego, que tengas un buen día!',
      how_are_you: 'Muy bien, gracias por preguntar. ¿Qué puedo hacer por ti?',
      who_are_you: 'Soy el asistente de {tenant}.',
      praise: '¡Me alegro! Dime si necesitas algo más.',
      noted: 'De acuerdo. Aquí estoy si necesitas algo más.',
    },
    unclear: 'No estoy seguro de lo que quieres decir. ¿Puedes explicarlo con un poco más de detalle?',
    capabilities: 'Puedo ayudarte con:',
    humanHelp: 'Quieres hablar con una persona. He anotado tu petición para el equipo de {tenant}.',
    notInDocuments: 'No he encontrado una respuesta a esto en la base de conocimiento.',
    nothingInDocuments: 'La base de conocimiento todavía no dice nada sobre esto.',
    stillReading: 'Algunos documentos todavía se están leyendo: vuelve a preguntar dentro de un momento.',
    retrievalFailed: 'Ahora mismo no he podido buscar en la base de conocimiento. Inténtalo de nuevo en un momento.',
    sectionFailed: 'No he podido responder a la parte sobre «{topic}». Inténtalo de nuevo en un momento.',
    interrupted: '(Esta parte se ha interrumpido. Pregunta de nuevo, por favor.)',
    ask: 'Para ayudarte con esto necesito {missing}.',
    askAgain: 'Todavía necesito {missing}. También puedes decir «olvídalo».',
    and: 'y',
    yes: 'sí',
    no: 'no',
    confirm: 'Confírmalo, por favor: **{tool}** ({given}). ¿Lo hago? (sí o no)',
    offer: 'A tu dirección: **{tool}** ({given}). ¿Lo hago? (sí o no, o dime otra dirección)',
    stopped: 'De acuerdo, lo dejo aquí. ¿En qué más puedo ayudarte?',
    noTool: 'No tengo nada que pueda hacer esto por ti.',
    toolFailed: 'No he podido hacerlo: {reason}',
    toolRetry: 'Inténtalo de nuevo en un momento.',
    toolForbidden: 'No tienes permiso para esto. Pregunta al equipo de {tenant} si crees que deberías tenerlo.',
    toolNotFound: 'No he encontrado nada para {given}. Compruébalo e inténtalo de nuevo.',
    toolUnknown:
      'No se sabe si esto se ha hecho, así que no se ha intentado de nuevo. Pide a una persona que lo compruebe.',
    toolInvalid: 'Algo de {given} no encaja: {reason}',
    noMatches: 'No he encontrado nada que encaje. Prueba con menos condiciones.',
    nearestMatches: 'Nada cumple todo eso: falta {unmet}. Lo más parecido:',
    nearestMatchesLacking: 'Nada cumple todo eso: faltan {unmet}. Lo más parecido:',
    fewFit: 'Has pedido {asked}, y {count} cumplen todo eso. El resto es lo más parecido:',
    oneFits: 'Has pedido {asked}, y solo uno cumple todo eso. El resto es lo más parecido:',
    noMore: 'Eso era todo lo que encaja: no hay más. Con menos condiciones quizá encuentre otros.',
    moreMatches: 'Aquí tienes algunos más:',
    notOnList: 'En la lista que te he mostrado solo hay {count}.',
    notSaid: 'La entrada no lo dice.',
    nothingLike: 'Aquí no he encontrado nada parecido a {asked}.',
    thereIs: 'Hay, por ejemplo: {values}.',
    notForYou: 'Eso no lo puedo buscar para ti. Aquí puedes preguntar, por ejemplo:',
    onlyFor: 'Eso solo lo puede pedir quien usa esto como «{who}». Aquí puedes preguntar, por ejemplo:',
    matches: 'Estas son las {count} mejores coincidencias:',
    oneMatch: 'Esta es la mejor coincidencia:',
    noProfile: 'Todavía no sé lo que buscas. Dame algunos detalles: conocimientos, lugar, tipo de trabajo.',
    stepBudget: 'Me detengo aquí porque hacían falta demasiados pasos. Pregunta por partes, por favor.',
  },
  de: {
    smallTalk: {
      hello: 'Hallo! Wie kann ich Ihnen heute helfen?',
      thanks: 'Gern geschehen! Kann ich sonst noch etwas für Sie tun?',
      bye: 'Auf Wiedersehen und einen schönen Tag!',
      how_are_you: 'Danke der Nachfrage, mir geht es gut. Was kann ich für Sie tun?',
      who_are_you: 'Ich bin der Assistent von {tenant}.',
      praise: 'Das freut mich! Sagen Sie Bescheid, wenn Sie noch etwas brauchen.',
      noted: 'In Ordnung. Ich bin da, wenn Sie noch etwas brauchen.',
    },
    unclear: 'Ich bin nicht sicher, was Sie meinen. Können Sie es etwas genauer sagen?',
    capabilities: 'Ich kann Ihnen helfen mit:',
    humanHelp: 'Sie möchten mit einem Menschen sprechen. Ich habe Ihren Wunsch für das Team von {tenant} notiert.',
    notInDocuments: 'Dazu habe ich in der Wissensdatenbank keine Antwort gefunden.',
    nothingInDocuments: 'Die Wissensdatenbank sagt dazu noch nichts.',
    stillReading: 'Einige Dokumente werden noch gelesen: Bitte fragen Sie gleich noch einmal.',
    retrievalFailed: 'Die Wissensdatenbank konnte gerade nicht durchsucht werden. Bitte gleich noch einmal versuchen.',
    sectionFailed: 'Den Teil über „{topic}“ konnte ich nicht beantworten. Bitte gleich noch einmal versuchen.',
    interrupted: '(Dieser Teil brach ab. Bitte noch einmal fragen.)',
    ask: 'Dafür brauche ich noch {missing}.',
    askAgain: 'Ich brauche immer noch {missing}. Sie können auch „egal“ sagen.',
    and: 'und',
    yes: 'ja',
    no: 'nein',
    confirm: 'Bitte bestätigen: **{tool}** ({given}). Soll ich das tun? (ja oder nein)',
    offer:
      'An Ihre Adresse: **{tool}** ({given}). Soll ich das tun? (ja oder nein, oder nennen Sie eine andere Adresse)',
    stopped: 'In Ordnung, das habe ich beendet. Was kann ich sonst für Sie tun?',
    noTool: 'Ich habe nichts, was das für Sie erledigen kann.',
    toolFailed: 'Das hat nicht geklappt: {reason}',
    toolRetry: 'Bitte gleich noch einmal versuchen.',
    toolForbidden: 'Dazu fehlt Ihnen die Berechtigung. Fragen Sie das Team von {tenant}, wenn Sie sie haben sollten.',
    toolNotFound: 'Zu {given} habe ich nichts gefunden. Bitte prüfen und noch einmal versuchen.',
    toolUnknown:
      'Es ist nicht bekannt, ob das geschehen ist, deshalb wurde es nicht noch einmal versucht. Bitte lassen Sie es von einem Menschen prüfen.',
    toolInvalid: 'Etwas an {given} passt nicht: {reason}',
    noMatches: 'Ich habe nichts Passendes gefunden. Versuchen Sie es mit weniger Bedingungen.',
    nearestMatches: 'Nichts erfüllt alles davon: {unmet} fehlt. Am nächsten kommt:',
    nearestMatchesLacking: 'Nichts erfüllt alles davon: {unmet} fehlen. Am nächsten kommt:',
    fewFit: 'Gefragt waren {asked}, und {count} erfüllen alles davon. Die übrigen kommen dem am nächsten:',
    oneFits: 'Gefragt waren {asked}, und nur einer erfüllt alles davon. Die übrigen kommen dem am nächsten:',
    noMore: 'Das war alles, was passt: mehr gibt es nicht. Mit weniger Bedingungen finde ich vielleicht andere.',
    moreMatches: 'Hier sind noch welche:',
    notOnList: 'Auf der gezeigten Liste stehen nur {count}.',
    notSaid: 'Das steht im Eintrag nicht.',
    nothingLike: 'Etwas wie {asked} habe ich hier nicht gefunden.',
    thereIs: 'Es gibt zum Beispiel: {values}.',
    notForYou: 'Das kann ich für Sie nicht suchen. Hier können Sie zum Beispiel fragen:',
    onlyFor: 'Danach kann nur fragen, wer dies als „{who}“ nutzt. Hier können Sie zum Beispiel fragen:',
    matches: 'Die {count} besten Treffer:',
    oneMatch: 'Der beste Treffer:',
    noProfile:
      'Ich weiß noch nicht, was Sie suchen. Nennen Sie ein paar Einzelheiten: Kenntnisse, Ort, Art der Arbeit.',
    stepBudget: 'Ich habe hier abgebrochen, weil es zu viele Schritte wurden. Bitte in kleineren Teilen fragen.',
  },
};

/** Replaces {name} by its value; unknown names stay. Values are not expanded again. */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** "a", "a and b", "a, b and c". */
export function listing(items: readonly string[], and: string): string {
  if (items.length <= 1) return items.join('');
  return `${items.slice(0, -1).join(', ')} ${and} ${items.at(-1) ?? ''}`;
}
