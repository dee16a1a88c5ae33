import { type PhraseLanguage, phraseLanguage } from '#platform/text';

interface Words {
  /** Before the rest, where the user did not ask. */
  readonly called: string;
  readonly here: string;
  readonly place: string;
  readonly soon: string;
  readonly minutes: string;
  readonly nobody: string;
}

const WORDS: Readonly<Record<PhraseLanguage, Words>> = {
  en: {
    called: 'I have asked a colleague to look at this.',
    here: 'Somebody is already on the way to you.',
    place: 'You are number {position} in line.',
    soon: 'Somebody will be with you in a moment.',
    minutes: 'It will take about {minutes} min. You can go on asking me meanwhile.',
    nobody: 'Nobody of our team is here right now. Leave your email address, and we will write to you.',
  },
  es: {
    called: 'He pedido a una persona de nuestro equipo que lo vea.',
    here: 'Ya hay alguien en camino.',
    place: 'Eres el número {position} en la cola.',
    soon: 'Alguien te atenderá en un momento.',
    minutes: 'Tardará unos {minutes} min. Mientras tanto puedes seguir preguntándome.',
    nobody: 'Ahora mismo no hay nadie de nuestro equipo. Deja tu correo electrónico y te escribiremos.',
  },
  de: {
    called: 'Ich habe jemanden aus unserem Team gebeten, sich das anzusehen.',
    here: 'Es ist schon jemand auf dem Weg zu Ihnen.',
    place: 'Sie sind Nummer {position} in der Warteschlange.',
    soon: 'Gleich ist jemand für Sie da.',
    minutes: 'Es dauert etwa {minutes} Min. Sie können mich inzwischen weiter fragen.',
    nobody: 'Gerade ist niemand aus unserem Team da. Hinterlassen Sie Ihre E-Mail-Adresse, dann schreiben wir Ihnen.',
  },
};

/** How it stands with a wish for a person, behind the answer that led to it. */
export function standing(
  language: string,
  wish: {
    /** The answer itself says that a person was asked for. */
    readonly asked: boolean;
    readonly contactForm: boolean;
    readonly assigned: boolean;
    readonly position: number | null;
    readonly etaSeconds: number | null;
  },
): string {
  const words = WORDS[phraseLanguage(language, 'en')];
  const said = wish.asked ? [] : [words.called];
  if (wish.assigned) return [...said, words.here].join(' ');
  if (wish.contactForm) return [...said, words.nobody].join(' ');
  if (wish.position !== null) said.push(words.place.replace('{position}', String(wish.position)));
  if (wish.etaSeconds !== null) {
    const minutes = Math.ceil(wish.etaSeconds / 60);
    said.push(minutes <= 1 ? words.soon : words.minutes.replace('{minutes}', String(minutes)));
  }
  return said.join(' ');
}
