const NAMES = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });

/** "German (de)"; the tag alone where it names no language. */
export function languageName(tag: string): string {
  const name = nameOf(tag);
  return name === undefined ? tag : `${name} (${tag})`;
}

/** Whether a tag is one of a language that there is: models write "english", "xx" or "de/en" too. */
export function isLanguage(tag: string): boolean {
  return nameOf(tag) !== undefined;
}

function nameOf(tag: string): string | undefined {
  try {
    return /^[a-z]{2,3}(?:-[a-z\d]{2,8}){0,3}$/i.test(tag) ? NAMES.of(tag) : undefined;
  } catch {
    return undefined;
  }
}
