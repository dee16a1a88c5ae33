/**
 * CSV through LangChain's loader: one block per record, `column: value` on each line. The loader takes the separator as
 * a setting, so it is found out here.
 */
import { CSVLoader } from '@langchain/community/document_loaders/fs/csv';
import { cleanText } from './clean-text.js';
import type { Block, ParsedDocument } from './parsed-document.js';

const SEPARATORS = [',', ';', '\t', '|'] as const;

/** @param source decoded text; its first line names the columns */
export async function parseCsv(source: string): Promise<ParsedDocument> {
  const text = cleanText(source).replace(/^\n+/, '');
  const loader = new CSVLoader(new Blob([text], { type: 'text/csv' }), { separator: separatorOf(text) });
  const records = await loader.load();
  const blocks = records.map((record): Block => ({ kind: 'row', text: withoutEmptyFields(record.pageContent) }));
  return { title: null, blocks: blocks.filter((block) => block.text) };
}

/** The separator that splits the first lines into the most columns, equally many in each. */
export function separatorOf(text: string): string {
  const lines = text
    .slice(0, 64 * 1024)
    .replace(/"(?:[^"]|"")*"/g, '""')
    .split('\n')
    .slice(0, 10)
    .filter(Boolean);
  let best = ',';
  let bestScore = 0;
  for (const separator of SEPARATORS) {
    const counts = lines.map((line) => line.split(separator).length - 1);
    const first = counts[0] ?? 0;
    const score = first * counts.filter((count) => count === first).length;
    if (score > bestScore) [best, bestScore] = [separator, score];
  }
  return best;
}

function withoutEmptyFields(record: string): string {
  return record
    .split('\n')
    .filter((line) => line.trim() && !/^[^:]*:\s*$/.test(line))
    .join('\n');
}
