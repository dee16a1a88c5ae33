/**
 * Lower case without accents, and compatibility forms (ﬁ, Ａ, ５, ｶ, ²) as their letters and digits, so that "Envío" and
 * "envio" meet, and what a Japanese keyboard writes wide or narrow. Marks that make another letter (ガ, ที่) stay; "Acme™" is no "acmetm".
 */
export function fold(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the ASCII range is what is meant
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  return text
    .replace(/[™℠]/g, ' ')
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]+/g, '')
    .replace(/ß/g, 'ss')
    .normalize('NFC');
}

/** As `fold`, but every character stays where it is, so that a match can be cut out of the original. */
export function foldInPlace(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the ASCII range is what is meant
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  let folded = '';
  for (const char of text) {
    const one = char < '\x80' ? char.toLowerCase() : fold(char);
    folded += one.length === char.length ? one : char;
  }
  return folded;
}
