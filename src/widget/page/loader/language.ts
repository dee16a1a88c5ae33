/** The few words that the launcher says, and in which language; the panel has the others. */
export const LANGUAGES = ['en', 'de', 'fr', 'es', 'ar'] as const;
export type Language = (typeof LANGUAGES)[number];

const RIGHT_TO_LEFT: readonly Language[] = ['ar'];

/** The first one that is spoken here. @param wanted as a browser says it: `de-AT` */
export function languageOf(wanted: readonly (string | null | undefined)[]): Language {
  for (const one of wanted) {
    const base = one?.toLowerCase().split(/[-_]/)[0];
    const found = LANGUAGES.find((language) => language === base);
    if (found !== undefined) return found;
  }
  return 'en';
}

export function directionOf(language: string): 'ltr' | 'rtl' {
  return RIGHT_TO_LEFT.some((one) => one === language) ? 'rtl' : 'ltr';
}

export interface LauncherWords {
  readonly chat: string;
  readonly open: string;
  readonly close: string;
  unread(count: number): string;
}

export const LAUNCHER: Record<Language, LauncherWords> = {
  en: { chat: 'Chat', open: 'Open chat', close: 'Close chat', unread: (count) => `${count} unread` },
  de: { chat: 'Chat', open: 'Chat öffnen', close: 'Chat schließen', unread: (count) => `${count} ungelesen` },
  fr: {
    chat: 'Discussion',
    open: 'Ouvrir la discussion',
    close: 'Fermer la discussion',
    unread: (count) => `${count} non lu${count > 1 ? 's' : ''}`,
  },
  es: { chat: 'Chat', open: 'Abrir el chat', close: 'Cerrar el chat', unread: (count) => `${count} sin leer` },
  ar: { chat: 'محادثة', open: 'فتح المحادثة', close: 'إغلاق المحادثة', unread: (count) => `${count} غير مقروءة` },
};
