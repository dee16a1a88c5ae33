/**
 * Word documents through mammoth. What mammoth gets is not the upload but a small archive made of its XML parts, each
 * unpacked here within the budget: pictures, fonts and embedded files are never unpacked, and a part that declares XML
 * entities is refused.
 */
import { zipSync } from 'fflate';
import mammoth from 'mammoth';
import { isOle } from './detect-type.js';
import { htmlToMarkdown } from './html.parser.js';
import { firstTitle, markdownBlocks } from './markdown.parser.js';
import { corrupt, encrypted, ParseFailure, tooLarge } from './parse-failure.js';
import type { ParsedDocument } from './parsed-document.js';
import { unzip, ZipError } from './zip-archive.js';

const NOT_TEXT =
  /(^|\/)(media|embeddings|fonts|activeX|ink|theme|glossary|customXml)\/|\.(png|jpe?g|gif|bmp|tiff?|emf|wmf|svg|odttf|ttf|wav|mp[34])$/i;
const STYLE_MAP = ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => p:fresh"];

export interface DocxOptions {
  /** Bytes that the document's parts may unpack to, together. */
  readonly inflatedBytes: number;
}

export async function parseDocx(file: Buffer, options: DocxOptions): Promise<ParsedDocument> {
  if (isOle(file)) throw oleFailure(file);
  const parts = readParts(file, options.inflatedBytes);
  for (const part of parts.values()) refuseEntities(part);
  const html = await toHtml(parts);
  const blocks = markdownBlocks(htmlToMarkdown(html).replace(/ ?\[?↑\]?(\(#[^)]*\))?/g, ''));
  return { title: coreTitle(parts) ?? firstTitle(blocks), blocks };
}

function oleFailure(file: Buffer): ParseFailure {
  if (file.includes(Buffer.from('EncryptedPackage', 'utf16le'))) return encrypted('docx');
  return new ParseFailure(
    'UNSUPPORTED',
    'The file is in the old Word format (.doc). Save it as .docx and upload that.',
  );
}

function readParts(file: Buffer, inflatedBytes: number): Map<string, Buffer> {
  let parts: Map<string, Buffer>;
  try {
    parts = unzip(file, { inflatedBytes, wanted: (name) => !NOT_TEXT.test(name) });
  } catch (error) {
    if (!(error instanceof ZipError)) throw error;
    if (error.reason === 'encrypted') throw encrypted('docx');
    if (error.reason === 'damaged') throw corrupt('docx', error);
    throw tooLarge(`The Word document unpacks to more than ${Math.round(inflatedBytes / 2 ** 20)} MiB of text.`);
  }
  if (!parts.has('_rels/.rels') && !parts.has('word/document.xml')) throw corrupt('docx');
  return parts;
}

/** Word never writes a DOCTYPE; whoever does is after entity expansion or the server's files. */
function refuseEntities(part: Buffer): void {
  if (!part.includes('<!DOCTYPE') && !part.includes('<!ENTITY')) return;
  throw new ParseFailure(
    'UNSUPPORTED',
    'The Word document declares XML entities, which is not allowed. Save it again with Word or LibreOffice and upload the new copy.',
  );
}

async function toHtml(parts: ReadonlyMap<string, Buffer>): Promise<string> {
  try {
    const archive = zipSync(Object.fromEntries(parts), { level: 0 });
    const noImage = mammoth.images.imgElement(() => Promise.resolve({ src: '' }));
    const result = await mammoth.convertToHtml(
      { buffer: Buffer.from(archive) },
      { styleMap: STYLE_MAP, convertImage: noImage, externalFileAccess: false, includeEmbeddedStyleMap: false },
    );
    return result.value;
  } catch (error) {
    throw corrupt('docx', error);
  }
}

function coreTitle(parts: ReadonlyMap<string, Buffer>): string | null {
  const core = parts.get('docProps/core.xml')?.toString('utf8') ?? '';
  const raw = /<dc:title>([^<]{1,500})<\/dc:title>/.exec(core)?.[1];
  if (!raw) return null;
  const title = htmlToMarkdown(`<p>${raw}</p>`).trim();
  return title && !/^(word document|untitled|document\d*)$/i.test(title) ? title : null;
}
