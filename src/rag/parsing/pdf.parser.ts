/**
 * PDF to blocks: pdf.js (as unpdf packs it) gives runs of characters with positions; lines, paragraphs, lists and
 * headings are worked out from those in `pdf-layout.ts`. Scripts, forms, attachments and pictures are not looked at.
 */
import { getDocumentProxy } from 'unpdf';
import { cleanLine } from './clean-text.js';
import { corrupt, encrypted, noText, tooLarge } from './parse-failure.js';
import type { ParsedDocument } from './parsed-document.js';
import { layOut, type PageLines, type TextRun, toLines } from './pdf-layout.js';

export interface PdfOptions {
  readonly maxPages: number;
  /** Characters of text after which reading stops with TOO_LARGE. */
  readonly maxCharacters: number;
}

type PdfDocument = Awaited<ReturnType<typeof getDocumentProxy>>;

/** Share of characters that mean nothing (private use, replacement, unassigned) from which a text layer is useless. */
const MAX_MEANINGLESS = 0.3;

export async function parsePdf(file: Uint8Array, options: PdfOptions): Promise<ParsedDocument> {
  const pdf = await open(file);
  if (pdf.numPages > options.maxPages) {
    throw tooLarge(`The PDF has ${pdf.numPages} pages; at most ${options.maxPages} can be read.`);
  }
  const pages = await readPages(pdf, options);
  const blocks = layOut(pages);
  if (blocks.length === 0 || isMeaningless(blocks.map((block) => block.text).join(' '))) throw noText('pdf');
  const heading = blocks.find((block) => block.kind === 'heading');
  const title = (await documentTitle(pdf)) ?? (heading?.page === 1 ? heading.text : null);
  return { title, blocks, pageCount: pdf.numPages };
}

async function open(file: Uint8Array): Promise<PdfDocument> {
  try {
    return await getDocumentProxy(file, {
      verbosity: 0,
      disableFontFace: true,
      useSystemFonts: false,
      enableXfa: false,
      useWorkerFetch: false,
      isOffscreenCanvasSupported: false,
      isImageDecoderSupported: false,
      maxImageSize: 0,
    });
  } catch (error) {
    if (error instanceof Error && error.name === 'PasswordException') throw encrypted('pdf');
    throw corrupt('pdf', error);
  }
}

/** A page that cannot be read is skipped; when none can, the file is damaged. */
async function readPages(pdf: PdfDocument, options: PdfOptions): Promise<PageLines[]> {
  const pages: PageLines[] = [];
  let failed: unknown;
  let characters = 0;
  for (let number = 1; number <= pdf.numPages; number++) {
    try {
      const page = await pdf.getPage(number);
      const content = await page.getTextContent();
      const runs = content.items.filter((item): item is typeof item & TextRun => 'str' in item);
      pages.push({ number, lines: toLines(runs), height: page.view[3] ?? 0 });
      characters += runs.reduce((sum, run) => sum + run.str.length, 0);
      page.cleanup();
    } catch (error) {
      failed = error;
    }
    if (characters > options.maxCharacters) throw tooLarge('The PDF holds more text than can be read at once.');
  }
  if (pages.length === 0) throw corrupt('pdf', failed);
  return pages;
}

/** True when the fonts carry no usable character map, so that the "text" is not what the page shows. */
function isMeaningless(text: string): boolean {
  const sample = text.slice(0, 50_000);
  const visible = sample.replace(/\s/g, '');
  const meaningless = visible.match(/[\p{Co}\p{Cn}\uFFFD]/gu)?.length ?? 0;
  if (visible.length === 0 || meaningless > visible.length * MAX_MEANINGLESS) return true;
  const words = sample.match(/[\p{L}\p{M}]{2,}/gu) ?? [];
  return words.filter(mixesScripts).length > Math.max(3, words.length * MAX_MEANINGLESS);
}

/** Words of real languages keep to one alphabet. Symbols of science (µ, Ω) and East Asian scripts do mix. */
const ALPHABETS =
  'Latin Greek Cyrillic Armenian Hebrew Arabic Nko Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala Thai Georgian Ethiopic'
    .split(' ')
    .map((script) => new RegExp(`\\p{Script=${script}}`, 'u'));

function mixesScripts(word: string): boolean {
  return ALPHABETS.filter((alphabet) => alphabet.test(word)).length > 1;
}

async function documentTitle(pdf: PdfDocument): Promise<string | null> {
  const metadata = await pdf.getMetadata().catch(() => null);
  const info: unknown = metadata?.info;
  const raw = typeof info === 'object' && info !== null && 'Title' in info ? info.Title : null;
  const title = typeof raw === 'string' ? cleanLine(raw) : '';
  const useless =
    /^(untitled|microsoft (word|powerpoint|excel)\b.*|document\d*|.*\.(docx?|pdf|tex|dvi|indd|pptx?|xlsx?|odt|rtf))$/i;
  return title.length >= 3 && !useless.test(title) ? title.slice(0, 300) : null;
}
