/** Files for the parser's tests, made on the fly: sound ones, and the kinds of hostile ones that are known. */
import { PDFDocument, StandardFonts } from 'pdf-lib';
import { strToU8, zipSync } from 'fflate';
import { deflateSync } from 'node:zlib';

const W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const MAIN_TYPE = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml';

export interface PdfText {
  readonly text: string;
  readonly size?: number;
}

/** A PDF with the given lines on each page, top down, 18 points apart. */
export async function pdfOf(pages: readonly (readonly PdfText[])[], title?: string): Promise<Buffer> {
  const pdf = await PDFDocument.create();
  if (title) pdf.setTitle(title);
  const font = await pdf.embedFont(StandardFonts.Helvetica);
  for (const lines of pages) {
    const page = pdf.addPage([595, 842]);
    let y = 760;
    for (const { text, size = 11 } of lines) {
      if (text) page.drawText(text, { x: 60, y, size, font });
      y -= 18;
    }
  }
  return Buffer.from(await pdf.save({ useObjectStreams: false }));
}

/** A PDF from its objects' bodies (numbered from 1; the first is the catalog), with a sound cross-reference table. */
export function rawPdf(objects: readonly (string | Buffer)[], trailer = ''): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  let length = parts[0]?.length ?? 0;
  const offsets = objects.map((body, i) => {
    const at = length;
    const bytes = Buffer.concat([Buffer.from(`${i + 1} 0 obj\n`), Buffer.from(body), Buffer.from('\nendobj\n')]);
    parts.push(bytes);
    length += bytes.length;
    return at;
  });
  const rows = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  parts.push(
    Buffer.from(
      `xref\n0 ${size}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${size} /Root 1 0 R ${trailer} >>\nstartxref\n${length}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}

/** One page whose text stream is the given one, optionally packed. */
export function pdfWithStream(content: Buffer, filter = ''): Buffer {
  const stream = Buffer.concat([
    Buffer.from(`<< /Length ${content.length} ${filter} >>\nstream\n`),
    content,
    Buffer.from('\nendstream'),
  ]);
  return rawPdf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    stream,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ]);
}

/** `mebibytes` of text operators in a few kilobytes. */
export function flateBombPdf(mebibytes: number): Buffer {
  const unit =
    'BT /F1 12 Tf 10 10 Td (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa) Tj ET\n';
  const once = deflateSync(Buffer.from(unit.repeat(Math.ceil((mebibytes * 2 ** 20) / unit.length))), { level: 9 });
  return pdfWithStream(deflateSync(once, { level: 9 }), '/Filter [/FlateDecode /FlateDecode]');
}

export function encryptedPdf(): Buffer {
  const key = 'ab'.repeat(32);
  return rawPdf(
    [
      '<< /Type /Catalog /Pages 2 0 R >>',
      '<< /Type /Pages /Kids [] /Count 0 >>',
      `<< /Filter /Standard /V 2 /R 3 /Length 128 /P -44 /O <${key}> /U <${key}> >>`,
    ],
    `/Encrypt 3 0 R /ID [<${'01'.repeat(16)}> <${'01'.repeat(16)}>]`,
  );
}

/** A page tree whose nodes are each other's children. */
export function loopingPdf(pages: number): Buffer {
  return rawPdf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [3 0 R 3 0 R] /Count ${pages} >>`,
    `<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 2 0 R] /Count ${pages} >>`,
  ]);
}

export interface DocxParts {
  /** XML inside `w:body`. */
  readonly body: string;
  /** Name of the main part. */
  readonly part?: string;
  readonly prolog?: string;
  readonly relationships?: string;
  readonly styles?: string;
}

export function docxOf({ body, part = 'word/document.xml', prolog = '', relationships, styles }: DocxParts): Buffer {
  const relations = 'http://schemas.openxmlformats.org/package/2006/relationships';
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const files: Record<string, Uint8Array> = {
    '[Content_Types].xml': strToU8(
      `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/${part}" ContentType="${MAIN_TYPE}"/></Types>`,
    ),
    '_rels/.rels': strToU8(
      `<Relationships xmlns="${relations}"><Relationship Id="rId1" Type="${office}/officeDocument" Target="${part}"/></Relationships>`,
    ),
    [part]: strToU8(
      `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>${prolog}<w:document ${W} xmlns:r="${office}"><w:body>${body}</w:body></w:document>`,
    ),
  };
  if (relationships)
    files['word/_rels/document.xml.rels'] = strToU8(
      `<Relationships xmlns="${relations}">${relationships}</Relationships>`,
    );
  if (styles) files['word/styles.xml'] = strToU8(`<w:styles ${W}>${styles}</w:styles>`);
  return Buffer.from(zipSync(files, { level: 9 }));
}

export const HEADING_STYLES = [1, 2]
  .map(
    (level) => `<w:style w:type="paragraph" w:styleId="Heading${level}"><w:name w:val="heading ${level}"/></w:style>`,
  )
  .join('');

export function paragraph(text: string, style?: string): string {
  return `<w:p>${style ? `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>` : ''}<w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`;
}

export function table(rows: readonly (readonly string[])[]): string {
  return `<w:tbl>${rows.map((row) => `<w:tr>${row.map((cell) => `<w:tc>${paragraph(cell)}</w:tc>`).join('')}</w:tr>`).join('')}</w:tbl>`;
}

/** A few hundred kilobytes that unpack to `mebibytes` of sound WordprocessingML. */
export function docxBomb(mebibytes: number, part?: string): Buffer {
  const unit = paragraph('a'.repeat(460));
  return docxOf({ body: unit.repeat(Math.ceil((mebibytes * 2 ** 20) / unit.length)), part });
}

/** The same archive with directories that call every entry tiny. */
export function withLyingSizes(archive: Buffer): Buffer {
  const lying = Buffer.from(archive);
  for (let at = 0; at < lying.length - 46; at++) {
    const signature = lying.readUInt32LE(at);
    if (signature === 0x02014b50) lying.writeUInt32LE(100, at + 24);
    if (signature === 0x04034b50) lying.writeUInt32LE(100, at + 22);
  }
  return lying;
}
