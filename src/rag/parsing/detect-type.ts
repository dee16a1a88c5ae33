/**
 * What a file is, judged by its content. The name and the declared media type only choose among text formats, which
 * cannot be told apart by content with certainty.
 */
import { byteOrderMark, decodeHtml, decodeText, decodeUtf8, looksLikeUtf16 } from './decode-text.js';
import { type DocumentKind, MIME_BY_KIND } from './parsed-document.js';

export interface DetectedType {
  readonly kind: DocumentKind;
  readonly mime: string;
}

const TEXT_KIND_BY_EXTENSION: Readonly<Record<string, DocumentKind>> = {
  md: 'markdown',
  markdown: 'markdown',
  mdx: 'markdown',
  csv: 'csv',
  tsv: 'csv',
  htm: 'html',
  html: 'html',
  xhtml: 'html',
  txt: 'text',
  text: 'text',
  log: 'text',
};

const TEXT_KIND_BY_MIME: Readonly<Record<string, DocumentKind>> = {
  'text/markdown': 'markdown',
  'text/x-markdown': 'markdown',
  'text/csv': 'csv',
  'application/csv': 'csv',
  'text/tab-separated-values': 'csv',
  'text/html': 'html',
  'application/xhtml+xml': 'html',
};

/** How much of a text file is looked at. */
const TEXT_SAMPLE = 64 * 1024;

/**
 * @param head the whole file, or at least its first 64 KiB
 * @param fileName name the client gave; used only as a hint
 * @param declaredMime media type the client gave; used only as a hint
 * @returns null for what no parser reads: answer 415. An empty file counts as text, so that it is refused later with
 *   the reason "holds no text".
 */
export function detectDocumentType(head: Buffer, fileName?: string, declaredMime?: string): DetectedType | null {
  const kind = detectKind(head, extensionOf(fileName), declaredMime?.split(';', 1)[0]?.trim().toLowerCase() ?? '');
  return kind ? { kind, mime: MIME_BY_KIND[kind] } : null;
}

function detectKind(head: Buffer, extension: string, declaredMime: string): DocumentKind | null {
  if (head.subarray(0, 1024).includes('%PDF-')) return 'pdf';
  const claimsDocx = extension === 'docx' || declaredMime === MIME_BY_KIND.docx;
  if (isZip(head)) return claimsDocx || holdsWordDocument(head) ? 'docx' : null;
  // A password turns a DOCX into an OLE container; the parser then says so. Other containers are the old .doc format.
  if (isOle(head)) return claimsDocx || head.includes(Buffer.from('EncryptedPackage', 'utf16le')) ? 'docx' : null;
  const sample = head.subarray(0, TEXT_SAMPLE);
  if (!isText(sample)) return null;
  return textKind(sample, TEXT_KIND_BY_EXTENSION[extension] ?? TEXT_KIND_BY_MIME[declaredMime]);
}

function isZip(head: Buffer): boolean {
  return head.length >= 4 && head.readUInt32LE(0) === 0x04034b50;
}

export function isOle(head: Uint8Array): boolean {
  return head.length >= 8 && Buffer.from(head.subarray(0, 8)).toString('hex') === 'd0cf11e0a1b11ae1';
}

/** Any entry below `word/`, or the content type of a Word document, among the local or central headers given. */
function holdsWordDocument(head: Buffer): boolean {
  return head.includes('word/document.xml') || (head.includes('[Content_Types].xml') && head.includes('word/'));
}

function isText(sample: Buffer): boolean {
  if (/^\s*(\{\\rtf|%!PS)/.test(sample.subarray(0, 64).toString('latin1'))) return false;
  if (byteOrderMark(sample) || looksLikeUtf16(sample)) return mostlyPrintable(decodeText(sample), 0.02);
  if (sample.includes(0)) return false;
  const utf8 = decodeUtf8(sample);
  if (utf8 !== null) return mostlyPrintable(utf8, 0.02);
  return looksLikeWindows1252(sample);
}

function mostlyPrintable(text: string, allowed: number): boolean {
  // oxlint-disable-next-line no-control-regex -- counting control characters is the test
  const controls = text.match(/[\u0000-\u0008\u000E-\u001A\u001C-\u001F\uFFFD]/g)?.length ?? 0;
  return controls <= text.length * allowed;
}

/** Western text in an eight-bit encoding: a few letters above 0x80, hardly a control character. */
function looksLikeWindows1252(sample: Buffer): boolean {
  let controls = 0;
  let high = 0;
  let undefinedBytes = 0;
  for (const byte of sample) {
    if (byte >= 0x80) high++;
    if (byte === 0x81 || byte === 0x8d || byte === 0x8f || byte === 0x90 || byte === 0x9d) undefinedBytes++;
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x0c && byte !== 0x1b) controls++;
  }
  const tolerated = sample.length * 0.005;
  return controls <= tolerated && undefinedBytes <= tolerated && high <= Math.max(8, sample.length * 0.35);
}

function textKind(sample: Buffer, hinted: DocumentKind | undefined): DocumentKind {
  const text = decodeHtml(sample).replace(/^\uFEFF/, '');
  if (looksLikeHtml(text) && hinted !== 'markdown') return 'html';
  if (hinted) return hinted;
  if (looksLikeCsv(text)) return 'csv';
  return looksLikeMarkdown(text) ? 'markdown' : 'text';
}

function looksLikeHtml(text: string): boolean {
  const start = text
    .slice(0, 4096)
    .replace(/^(\s|<\?xml[^>]*\?>|<!--[\s\S]*?-->)+/, '')
    .toLowerCase();
  return /^(<!doctype\s+html|<html|<head|<body|<title|<meta\s)/.test(start);
}

/** Without a hint, at least three lines that split into the same number (3 or more) of columns. */
function looksLikeCsv(text: string): boolean {
  const lines = text.split(/\r?\n/).slice(0, 20).filter(Boolean);
  if (text.length >= TEXT_SAMPLE) lines.pop();
  if (lines.length < 3) return false;
  return [',', ';', '\t'].some((separator) => {
    const counts = lines.map((line) => line.replace(/"(?:[^"]|"")*"/g, '').split(separator).length);
    return (counts[0] ?? 0) >= 3 && counts.every((count) => count === counts[0]);
  });
}

function looksLikeMarkdown(text: string): boolean {
  return /^#{1,6} \S/m.test(text) || /^```/m.test(text) || /^\|(?:\s*:?-+:?\s*\|)+\s*$/m.test(text);
}

function extensionOf(fileName: string | undefined): string {
  const dot = fileName?.lastIndexOf('.') ?? -1;
  return dot < 0
    ? ''
    : (fileName
        ?.slice(dot + 1)
        .trim()
        .toLowerCase() ?? '');
}
