import { withoutFurniture } from './furniture.js';
import { processorMs } from '../../../test/support/processor-time.js';

const lines = (markdown: string) =>
  withoutFurniture(markdown)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

it.each([
  ['a directive', ':::caution\nMind the gap.\n:::', ['Mind the gap.']],
  ['a titled directive', ':::note[Good to know]\n\nMind the gap.\n\n:::', ['Mind the gap.']],
  ['an alert', '> [!WARNING]\n> Mind the gap.', ['> Mind the gap.']],
  ['a footnote', 'Mind the gap.[^2]\n\n[^2]: Between train and platform.', ['Mind the gap.']],
  ['front matter', '---\ntitle: Gaps\ntags:\n  - a\n---\n\nMind the gap.', ['Mind the gap.']],
  ['a comment', 'Mind <!-- the cat,\nno, -->the gap.', ['Mind the gap.']],
  [
    'badges',
    '[![build](https://a.test/b.svg)](https://a.test) ![npm](https://a.test/n.svg)\n\nMind the gap.',
    ['Mind the gap.'],
  ],
  ['a button', 'Mind the gap.\n\n[Edit this page](https://a.test/edit)', ['Mind the gap.']],
  ['a button in German', 'Vorsicht an der Kante.\n\nSeite bearbeiten', ['Vorsicht an der Kante.']],
  ['a button in Spanish', 'Cuidado con el hueco.\n\nEditar esta página', ['Cuidado con el hueco.']],
  ['an anchor', '## Gaps {#gaps-1}', ['## Gaps']],
  ['a module', "import Tabs from '@theme/Tabs';\n\nMind the gap.", ['Mind the gap.']],
  ['a component', 'Press <Key mod="ctrl" k="k" />to mind the gap.<br/>', ['Press to mind the gap.']],
  ['a template tag', '{% tab title="Gap" %}\nMind the gap.\n{% endtab %}', ['Mind the gap.']],
  ['prompts', '```sh\n$ mind gap\nme@host:~/x$ mind it\n```', ['```sh', 'mind gap', 'mind it', '```']],
] as const)('takes out %s', (_what, markdown, kept) => {
  expect(lines(markdown)).toEqual(kept);
});

it.each([
  'The fare is $ 4 and 3 > 2.',
  'Edit this page of your passport only at the office, since a mistake costs a new one.',
  'Rooms [1] and [2] are upstairs :: ask at the desk.',
  'We import tea from India.',
  '| a | b |\n|---|---|\n| 1 | 2 |',
  'Write `<user_name>` with <angle> brackets.',
  '- [x] packed',
  'A line\n\n---\n\nanother'.replace('---', ''),
])('leaves what people read: %j', (markdown) => {
  expect(withoutFurniture(markdown)).toBe(markdown);
});

it.each(['<!--', '![', '[![a](b)', '---\na: b\n', ':::', '[^', '<Key ', '{% ', 'me@host:', '> ', ' \n', '---\n \t \n'])(
  'is linear on twenty thousand characters of %j',
  (piece) => {
    const started = processorMs();
    withoutFurniture(piece.repeat(20_000 / piece.length));
    withoutFurniture(`---\n${piece.repeat(20_000 / piece.length)}\n`);
    expect(processorMs() - started).toBeLessThan(1000);
  },
);
