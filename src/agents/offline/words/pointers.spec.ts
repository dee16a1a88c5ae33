import { leaningOf, pointsBack } from './pointers.js';
import { processorMs } from '../../../../test/support/processor-time.js';

it.each([
  'and to Norway?',
  'When will it arrive?',
  'is this one insured?',
  'the same for the piano',
  '¿y a Portugal?',
  '¿cuánto pesa este?',
  'lo mismo para el martes',
  'was ist mit 1043?',
  'was wiegt dieses Boot?',
  'das gleiche für Freitag',
])('hears what was said before in "%s"', (message) => {
  expect(pointsBack(message)).toBe(true);
});

it.each([
  'Where is order 1042?',
  'Which of the ferries has a cabin?',
  'there is a leak in the kitchen',
  'Wie lange habe ich Garantie?',
  'Was kostet der Anker?',
  '¿Dónde está el pedido 1042?',
  '¿Cuánto es el alquiler de una barca?',
])('hears nothing of the kind in "%s"', (message) => {
  expect(pointsBack(message)).toBe(false);
});

it('counts what surely stands for something among what may', () => {
  expect(leaningOf('how long does that take')).toMatchObject({ standsIn: true, pointsBack: false });
  expect(leaningOf('how long does it take')).toMatchObject({ standsIn: true, pointsBack: true });
});

it('stays quick on long messages', () => {
  const start = processorMs();
  for (const piece of ['and ', 'what about ', 'das ', 'a']) pointsBack(piece.repeat(20_000 / piece.length));
  expect(processorMs() - start).toBeLessThan(200);
});
