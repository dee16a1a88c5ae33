import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtFile } from '#platform/paths';
import {
  ChildProcessDocumentParser,
  type ChildLimits,
} from '../../../src/rag/parsing/child-process.document-parser.js';
import type { ChunkedDocument, DocumentFile } from '../../../src/rag/parsing/document-parser.port.js';
import * as files from './parsing-files.js';

const CHILD = builtFile('rag/parsing/parser.child.js');
const MIB = 2 ** 20;
const SETTINGS = { size: 100, overlap: 0 };

let folder: string;
const parsers: ChildProcessDocumentParser[] = [];
/** Every child that was ever seen. */
const seen = new Set<number>();
let watch: NodeJS.Timeout;
/** Idle ones that another spec of this process has left; they end by themselves. */
let others: ReadonlySet<number> = new Set();

beforeAll(() => {
  others = new Set(children());
  folder = mkdtempSync(join(tmpdir(), 'parser-pool-'));
});
beforeEach(() => {
  seen.clear();
  watch = setInterval(() => children().forEach((pid) => seen.add(pid)), 5);
});
afterEach(() => {
  clearInterval(watch);
  for (const parser of parsers.splice(0)) parser.onApplicationShutdown();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function children(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      if (others.has(pid)) return false;
      try {
        const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1]);
        return parent === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('parser.child');
      } catch {
        return false;
      }
    });
}

function newParser(limits: Partial<ChildLimits> = {}): ChildProcessDocumentParser {
  const parser = new ChildProcessDocumentParser(CHILD, limits);
  parsers.push(parser);
  return parser;
}

let names = 0;
function file(content: string | Buffer, mime: string, owner = 'a'): DocumentFile {
  const path = join(folder, String(names++));
  writeFileSync(path, content);
  return { path, mime, fileName: 'x', owner };
}

const textOf = (document: ChunkedDocument): string => document.chunks.map(({ content }) => content).join('\n');

describe('small files of one owner', () => {
  it('are read by one process after the other, each with its own text', async () => {
    const parser = newParser();
    for (let n = 0; n < 20; n++) {
      const read = await parser.parseIntoChunks(file(`Text number ${n}.`, 'text/plain'), SETTINGS);
      expect(textOf(read)).toBe(`Text number ${n}.`);
    }
    expect(seen.size).toBe(1);
    const csv = await parser.parseIntoChunks(file('a,b\n1,2', 'text/csv'), SETTINGS);
    expect(textOf(csv)).toContain('1');
    const pdf = await files.pdfOf([[{ text: 'A page of words' }]]);
    expect(textOf(await parser.parseIntoChunks(file(pdf, 'application/pdf'), SETTINGS))).toContain('A page of words');
    const refused = parser.parseIntoChunks(file('%PDF-1.4 broken', 'application/pdf'), SETTINGS);
    await expect(refused).rejects.toMatchObject({ reason: 'CORRUPT' });
    expect(textOf(await parser.parseIntoChunks(file('After.', 'text/plain'), SETTINGS))).toBe('After.');
    expect(seen.size).toBe(1);
  });

  it('share no process with another owner’s', async () => {
    const parser = newParser();
    for (const owner of ['a', 'b', 'a', 'b']) {
      await parser.parseIntoChunks(file(`Of ${owner}.`, 'text/plain', owner), SETTINGS);
    }
    expect(seen.size).toBe(2);
  });

  it('are stopped alone by their memory and time, and the next one is read', async () => {
    const parser = newParser({ rssBytes: 256 * MIB, timeMs: 8000, concurrency: 1 });
    await parser.parseIntoChunks(file('Before.', 'text/plain'), SETTINGS);
    const bomb = parser.parseIntoChunks(file(files.flateBombPdf(400), 'application/pdf'), SETTINGS);
    const behind = parser.parseIntoChunks(file('Behind.', 'text/plain'), SETTINGS);
    await expect(bomb).rejects.toMatchObject({ reason: expect.stringMatching(/TOO_LARGE|TIMEOUT/) });
    expect(textOf(await behind)).toBe('Behind.');
  }, 60_000);

  it('go with their caller', async () => {
    const parser = newParser();
    await parser.parseIntoChunks(file('Before.', 'text/plain'), SETTINGS);
    const abort = new AbortController();
    const slow = parser.parseIntoChunks(file(files.flateBombPdf(400), 'application/pdf'), SETTINGS, abort.signal);
    setTimeout(() => abort.abort(new Error('no longer wanted')), 50);
    await expect(slow).rejects.toThrow('no longer wanted');
    expect(textOf(await parser.parseIntoChunks(file('After.', 'text/plain'), SETTINGS))).toBe('After.');
  });

  it('are read though the process was killed between two of them', async () => {
    const parser = newParser();
    await parser.parseIntoChunks(file('Before.', 'text/plain'), SETTINGS);
    for (const pid of children()) process.kill(pid, 'SIGKILL');
    expect(textOf(await parser.parseIntoChunks(file('After.', 'text/plain'), SETTINGS))).toBe('After.');
  });

  it('leave no process behind after the shutdown', async () => {
    const parser = newParser();
    await parser.parseIntoChunks(file('Text.', 'text/plain'), SETTINGS);
    expect(children()).toHaveLength(1);
    parser.onApplicationShutdown();
    for (let tries = 0; tries < 100 && children().length > 0; tries++) await new Promise((go) => setTimeout(go, 20));
    expect(children()).toEqual([]);
  });
});
