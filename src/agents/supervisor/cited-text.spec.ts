import { passage } from '../../../test/support/agent-fakes.js';
import { CitationLedger } from './citation-ledger.js';
import { supportingSentence } from '../offline/answering/sentence-ranking.js';
import { CitedText } from './cited-text.js';

const A = passage('Refunds take five days. They go to your card.', { chunkId: 'a' });
const B = passage('Exchanges are free.', { chunkId: 'b' });

function write(pieces: readonly string[], ledger = new CitationLedger(), passages = [A, B]) {
  const out: string[] = [];
  const sink = { written: 0, write: (text: string) => void out.push(text) };
  const cited = new CitedText(sink, passages, { ledger, quote: supportingSentence, question: 'How do refunds work?' });
  for (const piece of pieces) cited.write(piece);
  cited.end();
  return { text: out.join(''), pieces: out, ledger, cited };
}

it('numbers sources in the order in which they are shown', () => {
  const { text, ledger } = write(['Exchanges are free [2]. ', 'Refunds take five days [1].']);
  expect(text).toBe('Exchanges are free [1]. Refunds take five days [2].');
  expect(ledger.list().map(({ n, chunk_id, quote }) => [n, chunk_id, quote])).toEqual([
    [1, 'b', 'Exchanges are free.'],
    [2, 'a', 'Refunds take five days.'],
  ]);
});

it.each([[['five days ', '[', '1', ']', '.']], [['five days [1].']], [['five days [', '1].']]])(
  'reads a marker however it is cut: %j',
  (pieces) => {
    expect(write(pieces).text).toBe('five days [1].');
  },
);

it('splits lists of numbers and drops those that stand for nothing', () => {
  expect(write(['Both [1, 2] and [9] and [0].']).text).toBe('Both [1][2] and  and .');
});

it('leaves brackets that are no markers alone, and what is never closed', () => {
  expect(write(['See [the page](x) and [1a] and [']).text).toBe('See [the page](x) and [1a] and [');
});

it('passes text without brackets through at once', () => {
  expect(write(['one ', 'two']).pieces).toEqual(['one ', 'two']);
});

it('shares numbers between sections of a turn', () => {
  const ledger = new CitationLedger();
  write(['x [1]'], ledger);
  expect(write(['y [2] z [1]'], ledger, [A, B]).text).toBe('y [2] z [1]');
  expect(ledger.list()).toHaveLength(2);
});
