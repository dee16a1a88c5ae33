import type { TurnEvent } from '../turn/turn-event.js';
import { SectionStream } from './section-stream.js';

function setup(count: number) {
  const events: TurnEvent[] = [];
  const stream = new SectionStream(count, (event) => events.push(event));
  const tokens = () => events.map((event) => (event.type === 'token' ? event.content : `<${event.type}>`));
  return { events, stream, tokens };
}

it('streams the first unfinished section and keeps the others until their turn', () => {
  const { stream, tokens } = setup(3);
  stream.section(1).write('B1');
  stream.section(0).write('A1');
  stream.section(2).write('C1');
  expect(tokens()).toEqual(['A1']);
  stream.section(2).end();
  stream.section(0).end();
  expect(tokens()).toEqual(['A1', '\n\n', 'B1']);
  stream.section(1).write(' B2');
  expect(tokens().at(-1)).toBe(' B2');
  stream.section(1).end();
  expect(tokens().slice(-2)).toEqual(['\n\n', 'C1']);
  expect([0, 1, 2].map((index) => stream.content.indexOf(['A1', 'B1', 'C1'][index]!))).toEqual(
    [0, 1, 2].map((index) => stream.section(index).offset),
  );
  expect(stream.content).toBe(tokens().join(''));
});

it('puts no empty lines where a section says nothing', () => {
  const { stream, tokens } = setup(3);
  stream.section(0).end();
  stream.section(1).end();
  stream.section(2).write('C');
  stream.section(2).end();
  expect(tokens()).toEqual(['C']);
});

it('keeps payloads in the order of what is said around them', () => {
  const { stream, tokens } = setup(2);
  stream.section(1).write('before');
  stream.section(1).payload('jobs', [1]);
  stream.section(1).write('after');
  stream.section(0).end();
  expect(tokens()).toEqual(['before', '<payload>', 'after']);
  expect(stream.payloads).toEqual([{ payload_type: 'jobs', items: [1], offset: 'before'.length }]);
});

it('gives a payload its place in the whole answer, counted in UTF-16 units, and its event the same', () => {
  const { events, stream } = setup(2);
  stream.section(1).payload('first', [1]);
  stream.section(1).write('after');
  stream.section(1).payload('second', [2]);
  stream.section(0).write('👋 A');
  stream.section(0).end();
  stream.section(1).end();
  expect(stream.content).toBe('👋 A\n\nafter');
  expect(stream.payloads.map(({ offset }) => offset)).toEqual(['👋 A'.length, stream.content.length]);
  expect(events.flatMap((event) => (event.type === 'payload' ? [event.offset] : []))).toEqual([4, 11]);
});

it('takes nothing after the end', () => {
  const { stream, tokens } = setup(1);
  stream.section(0).end();
  stream.section(0).write('late');
  expect(tokens()).toEqual([]);
  expect(() => stream.section(1)).toThrow();
});
