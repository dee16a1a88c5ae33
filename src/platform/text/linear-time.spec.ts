import { blocksOf, unitsOf } from './blocks.js';
import { plainText } from './markdown-text.js';

/** What somebody writes who wants a server to be busy: signs that open and never close, white space without an end. */
const HOSTILE = [
  '![',
  '[',
  '[](',
  '![](',
  '[a](b',
  '![a](b',
  '[![a](b)](c',
  '[^',
  '[^a',
  '**',
  '**a',
  '__a',
  '*a',
  '`',
  '``a',
  '>',
  '>\n',
  '\n',
  '\r',
  '\r\n',
  ' \n',
  '\n ',
  '\u2028',
  '\u00a0',
  ' ',
  '\t',
  ' {#a',
  '# ',
  '- ',
  '1. ',
  '1.\n',
  '| ',
  '---\n',
  '```\n',
  '<!--',
  '<A ',
  'import ',
  '{% ',
  'edit this page ',
  '. ',
  '."',
  'A. ',
];
const AROUND = [
  ['', ''],
  ['- ', 'x'],
  ['# ', ')'],
] as const;
const LENGTH = 20_000;

function fastest(work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 3 && best > 2; turn++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

// Four times the text in four times the time; with the square of it 16 times, which was 5 s and more.
it.each(HOSTILE)('reads %j over and over in time that grows with its length', (sign) => {
  for (const [before, after] of AROUND) {
    const text = (length: number) => before + sign.repeat(length / sign.length) + after;
    for (const read of [plainText, blocksOf, (markdown: string) => unitsOf(blocksOf(markdown))]) {
      const short = fastest(() => read(text(LENGTH)));
      expect(fastest(() => read(text(4 * LENGTH)))).toBeLessThan(10 * short + 100);
    }
  }
});
