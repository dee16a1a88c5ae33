import { strToU8, zipSync } from 'fflate';
import { detectDocumentType } from './detect-type.js';

const kindOf = (content: Buffer | string, name?: string, mime?: string): string | null =>
  detectDocumentType(Buffer.from(content), name, mime)?.kind ?? null;

describe('detectDocumentType', () => {
  it('believes the content of binary formats, not their names', () => {
    const docx = Buffer.from(
      zipSync({ '[Content_Types].xml': strToU8('<Types/>'), 'word/document.xml': strToU8('<w/>') }),
    );
    expect(kindOf('%PDF-1.7\n...', 'notes.txt')).toBe('pdf');
    expect(kindOf('\n\njunk%PDF-1.4', 'a')).toBe('pdf');
    expect(kindOf(docx, 'a.pdf', 'application/pdf')).toBe('docx');
    expect(detectDocumentType(docx)?.mime).toBe(
      'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    );
  });

  it('refuses what no parser reads', () => {
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
    const otherZip = Buffer.from(zipSync({ 'xl/workbook.xml': strToU8('<x/>') }));
    const random = Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919 + (i >> 3) * 31) % 256));
    for (const [content, name] of [
      [png, 'a.txt'],
      [otherZip, 'a.xlsx'],
      [random, 'a.md'],
      [Buffer.from('{\\rtf1 hi}'), 'a.txt'],
      [Buffer.from('MZ\u0000\u0003binary'), 'a.csv'],
    ] as const) {
      expect(kindOf(content, name)).toBeNull();
    }
  });

  it('lets the name, then the declared type, choose among text formats', () => {
    expect(kindOf('a,b,c\n1,2,3\n4,5,6', 'a.txt')).toBe('text');
    expect(kindOf('a,b,c\n1,2,3\n4,5,6')).toBe('csv');
    expect(kindOf('Hello', 'a.md')).toBe('markdown');
    expect(kindOf('Hello', 'blob', 'text/markdown; charset=utf-8')).toBe('markdown');
    expect(kindOf('# Hello\n\nthere')).toBe('markdown');
    expect(kindOf('Hello, you.\nHow are you, friend?\nBye, then.')).toBe('text');
    expect(kindOf('<p>fragment</p>', 'a.html')).toBe('html');
  });

  it('sees a page whatever it is called, unless it is Markdown', () => {
    expect(kindOf('\uFEFF<!-- x -->\n<!DOCTYPE html><p>x', 'a.txt')).toBe('html');
    expect(kindOf('<html lang="en"><p>x', 'a.md')).toBe('markdown');
  });

  it('reads text in UTF-16 and windows-1252, also when the sample cuts a character', () => {
    expect(kindOf(Buffer.from('\uFEFFhällo', 'utf16le'), 'a.txt')).toBe('text');
    expect(kindOf(Buffer.from('Gr\u00FC\u00DFe aus K\u00F6ln', 'latin1'), 'a.txt')).toBe('text');
    expect(kindOf(Buffer.from('日本語のテキスト').subarray(0, -1), 'a.txt')).toBe('text');
  });

  it('takes an empty file for text, so that its reason can be told', () => {
    expect(kindOf('', 'a.pdf')).toBe('text');
  });

  it('takes a container with an encrypted Word document for one', () => {
    const ole = (stream: string): Buffer =>
      Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(500), Buffer.from(stream, 'utf16le')]);
    expect(kindOf(ole('EncryptedPackage'), 'a.bin')).toBe('docx');
    expect(kindOf(ole('WordDocument'), 'a.doc')).toBeNull();
  });
});
