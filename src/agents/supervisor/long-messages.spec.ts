import { fakeRuntime, REFUND_PASSAGE, runTurn } from '../../../test/support/agent-fakes.js';
import { processorMs } from '../../../test/support/processor-time.js';

/** A message may have 16,000 characters, and whatever stands in it, the process has others to serve meanwhile. */
const SEEDS = [
  'and how ',
  'mit support ',
  'talk to a ',
  'hi ',
  'a. ',
  '1042 ',
  'order number: ',
  'x@y ',
  '(((( ',
  '[1] ',
  'ñandú ß ',
  '2026-01-01 ',
  'in Berlin ',
  '- \n',
  '| a | b |\n',
  'write a post about ',
  'aaaaaaaaaaaaaaaaaaaa',
];

const shop = () =>
  fakeRuntime({
    search: () => ({ passages: [REFUND_PASSAGE], degraded: false }),
    execute: () => ({ ok: true, data: { order_id: '1042', status: 'x' } }),
  });

// What the first turn loads and compiles is no message's work.
beforeAll(() => runTurn(shop(), 'Where is my order 1042, and how do refunds work?'));

it.each(SEEDS)('answers 16,000 characters of %j without holding up the process', async (seed) => {
  const content = seed.repeat(Math.ceil(16_000 / seed.length)).slice(0, 16_000);
  const before = processorMs();
  await runTurn(shop(), content);
  expect(processorMs() - before).toBeLessThan(800);
});
