/**
 * Cleaning of extracted text. Everything a person cannot see is removed before the text is stored, since it could carry
 * instructions for a model (Unicode tag characters, zero-width runs) or break storage (NUL).
 */

/* oxlint-disable no-control-regex -- control characters are exactly what is looked for */
const LINE_ENDS = /\r\n?|[\u0085\u2028\u2029]/g;
const FORM_FEEDS = /[\u000B\u000C]/g;
const CONTROLS = /[\u0000-\u0008\u000E-\u001F\u007F-\u009F]/g;
/* oxlint-enable no-control-regex */
/** Tag characters, variation selectors of the supplement, and characters that Unicode reserves for no text at all. */
const TAGS = /[\u{E0000}-\u{E0FFF}\uFFFE\uFFFF]/gu;
/** Soft hyphen, zero-width space, word joiner and invisible operators, byte order mark, bidirectional controls. */
const INVISIBLE =
  /[\u00AD\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB]/g;
/**
 * Joiners shape letters in Arabic and Indic scripts and bind emoji; anywhere else they are only a hiding place. A
 * second one in a row is never needed.
 */
const STRAY_JOINERS =
  /(?<![\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Malayalam}\p{Script=Kannada}\p{Script=Telugu}\p{Script=Tamil}\p{Script=Sinhala}])[\u200C\u200D]+|(?<=[\u200C\u200D])[\u200C\u200D]+/gu;
/** Only the first variation selector after a character means anything. */
const STRAY_SELECTORS = /(?<=[\uFE00-\uFE0F\s]|^)[\uFE00-\uFE0F]+/gu;
const LONE_SURROGATES = /\p{Surrogate}/gu;
const WIDE_SPACES = /[\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]/g;
/** Nothing is meant by so many, and they would cost a later step dearly. (Without an upper bound V8's stack overflows.) */
const LONG_BLANKS = /[ \t]{40,4000}/g;
const NEEDS_CLEANING = /[^\n\x20-\x7E]/;

/** Normal form C without invisible or control characters; lines end with `\n` and carry no trailing blanks. */
export function cleanText(text: string): string {
  let clean = text;
  if (NEEDS_CLEANING.test(text)) {
    clean = text
      .replace(LINE_ENDS, '\n')
      .replace(FORM_FEEDS, '\n')
      .replace(CONTROLS, '')
      .replace(TAGS, '')
      .replace(INVISIBLE, '')
      .replace(STRAY_JOINERS, '')
      .replace(STRAY_SELECTORS, '')
      .replace(LONE_SURROGATES, '\uFFFD')
      .replace(WIDE_SPACES, ' ')
      .normalize('NFC');
  }
  // Line by line: a regular expression for blanks before a line's end takes quadratic time on a long run of them.
  return clean
    .replace(LONG_BLANKS, '        ')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n');
}

/** `cleanText` for what must stand on one line: headings, titles, table cells. */
export function cleanLine(text: string): string {
  return cleanText(text).replace(/\s+/g, ' ').trim();
}
