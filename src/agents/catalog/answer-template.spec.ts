import { renderAnswer } from './answer-template.js';
import { processorMs } from '../../../test/support/processor-time.js';

it('renders values, loops and dates', async () => {
  const text = await renderAnswer(
    '{% for e in t.events limit: 2 %}\n- {{ e.at | date: "%d/%m %H:%M", "Europe/Dublin" }}: {{ e.text }}\n{% endfor %}',
    {
      t: {
        events: [
          { at: '2026-07-01T10:00:00Z', text: 'packed' },
          { at: '2026-07-02T10:00:00Z', text: 'sent' },
          { text: 'x' },
        ],
      },
    },
  );
  expect(text).toBe('- 01/07 11:00: packed\n\n- 02/07 11:00: sent');
});

it('reads own properties of plain data only', async () => {
  expect(
    await renderAnswer('{{ a.constructor }}{{ a.__proto__ }}{{ a.toString }}|{{ env }}{{ process }}', { a: {} }),
  ).toBe('|');
});

it('expands nothing that stands in the data', async () => {
  expect(await renderAnswer('{{ a }}', { a: '{{ 7 | times: 7 }}' })).toBe('{{ 7 \\| times: 7 }}');
});

it.each(['{% include "/etc/passwd" %}', '{% render "x" %}', '{% layout "x" %}', '{{ a | nonsense }}', '{% if %}'])(
  'refuses %s',
  async (template) => {
    await expect(renderAnswer(template, { a: 1 })).rejects.toThrow();
  },
);

it('stops a template that never ends', async () => {
  const template = '{% for a in (1..100000) %}{% for b in (1..100000) %}x{% endfor %}{% endfor %}';
  await expect(renderAnswer(template, {})).rejects.toThrow();
});

it('keeps runs of spaces inside a line, drops those at its end, and is quick with very long ones', async () => {
  expect(await renderAnswer('a  b \t\n c   \nd', {})).toBe('a  b\n c\nd');
  const startedAt = processorMs();
  const text = await renderAnswer('x{{ a }}y', { a: ' '.repeat(19_000) });
  expect(text).toHaveLength(19_002);
  // Generous: it took seconds on a busy machine, and takes a millisecond.
  expect(processorMs() - startedAt).toBeLessThan(200);
});

it('blames no template for the time that a busy machine gave to others', async () => {
  const clock = performance.now.bind(performance);
  let looks = 0;
  // The first looks find that half a second has gone by, of which this process had next to nothing.
  const now = jest.spyOn(performance, 'now').mockImplementation(() => clock() + Math.min(looks++, 8) * 500);
  try {
    expect(await renderAnswer('{% for n in list %}{{ n }} {% endfor %}', { list: [1, 2, 3] })).toBe('1 2 3');
  } finally {
    now.mockRestore();
  }
});
