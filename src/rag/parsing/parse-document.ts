import { decodeHtml, decodeText } from './decode-text.js';
import { noText, ParseFailure, tooLarge } from './parse-failure.js';
import { type Block, type DocumentKind, kindOfMime, type ParsedDocument } from './parsed-document.js';

export interface ParseLimits {
  /** Bytes that packed content (DOCX) may unpack to. */
  readonly inflatedBytes: number;
  /** Characters of text that a document may hold. */
  readonly outputChars: number;
  /** Pages of a PDF. */
  readonly pages: number;
}

/**
 * Parses one file in this process: the child's whole work. Each parser is loaded only when it is needed,
 * since loading all of them would cost every document a third of a second.
 * @throws ParseFailure with a sentence for the person who uploaded the file
 */
export async function parseDocument(file: Buffer, mime: string, limits: ParseLimits): Promise<ParsedDocument> {
  const kind = kindOfMime(mime);
  if (!kind)
    throw new ParseFailure(
      'UNSUPPORTED',
      'This type of file cannot be read. Upload a PDF, DOCX, Markdown, HTML, CSV or plain text file.',
    );
  if (file.length === 0)
    throw new ParseFailure('NO_TEXT', 'The file is empty. Check that it is the right file and upload one with text.');
  const parsed = await parseBytes(kind, file, limits);
  const characters = parsed.blocks.reduce((sum, block) => sum + block.text.length, 0);
  if (characters > limits.outputChars)
    throw tooLarge(`The document holds more than ${limits.outputChars.toLocaleString('en')} characters of text.`);
  if (!parsed.blocks.some((block) => hasText(block))) throw noText(kind);
  return parsed;
}

async function parseBytes(kind: DocumentKind, file: Buffer, limits: ParseLimits): Promise<ParsedDocument> {
  switch (kind) {
    case 'pdf': {
      const { parsePdf } = await import('./pdf.parser.js');
      return parsePdf(new Uint8Array(file), { maxPages: limits.pages, maxCharacters: limits.outputChars });
    }
    case 'docx': {
      const { parseDocx } = await import('./docx.parser.js');
      return parseDocx(file, { inflatedBytes: limits.inflatedBytes });
    }
    case 'html': {
      const { parseHtml } = await import('./html.parser.js');
      return parseHtml(decodeHtml(file));
    }
    case 'markdown': {
      const [{ parseMarkdown }, { htmlToMarkdown }] = await Promise.all([
        import('./markdown.parser.js'),
        import('./html.parser.js'),
      ]);
      return parseMarkdown(decodeText(file), htmlToMarkdown);
    }
    case 'csv': {
      const { parseCsv } = await import('./csv.parser.js');
      return parseCsv(decodeText(file));
    }
    case 'text': {
      const { parseText } = await import('./text.parser.js');
      return parseText(decodeText(file));
    }
  }
}

function hasText(block: Block): boolean {
  return /[\p{L}\p{N}\p{S}]/u.test(block.text);
}
