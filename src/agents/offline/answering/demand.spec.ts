import { demandOf } from './demand.js';
import { processorMs } from '../../../../test/support/processor-time.js';

it.each([
  ['What do you charge for a crown?', 'price'],
  ['How much is a cabin for the night?', 'price'],
  ['How much would I pay for two seats?', 'price'],
  ['Was kostet eine Führung?', 'price'],
  ['¿Cuánto cuesta el menú?', 'price'],
  ['How long does the glue take to dry?', 'time'],
  ['When is the harbour closed?', 'time'],
  ['Hello, and when can I come?', 'time'],
  ['Bis wann muss ich mich anmelden?', 'time'],
  ['¿Desde cuándo existe el museo?', 'time'],
  ['How many cabins are there?', 'number'],
  ['Wie hoch ist der Turm?', 'number'],
  ['¿Cuántas calles tiene la piscina?', 'number'],
])('%j demands a %s', (question, demand) => {
  expect(demandOf(question)?.demand).toBe(demand);
});

it.each([
  'Can I avoid the charges for late payment?',
  'What happens when I lose my key?',
  'Do you have a price list?',
  'How do I change the date of my visit?',
  'Why is much of the park closed?',
  'Was ist der Preis der Freiheit?',
  'Wenn wir kommen, wo parken wir?',
  '¿Qué hago cuando llueve?',
  'Comment vas-tu?',
])('leaves open what answers %j', (question) => {
  expect(demandOf(question)).toBeNull();
});

it.each([
  ['What does a crown cost?', 'A crown is £450.', true],
  ['What does a crown cost?', 'The first one is free.', true],
  ['What does a crown cost?', 'Crowns are made in Central Street 5.', false],
  ['How long does it take?', 'It takes a whole week.', true],
  ['How long does it take?', 'Open 9 to 12', true],
  ['How long does it take?', 'It depends on the weather.', false],
  ['How many members are there?', 'There are twelve of them.', true],
  ['How many members are there?', 'It belongs to its members, once and for all.', false],
  ['Wie lange dauert das?', 'Nach zwei Tagen ist alles trocken.', true],
  ['Was kostet das?', 'Im Zentrum, gleich am Franziskanerhof.', false],
  ['¿Cuántos años hace?', 'Hace once años.', true],
])('of %j, %j holds it: %s', (question, text, holds) => {
  expect(demandOf(question)?.meets(text)).toBe(holds);
});

it('is linear on long messages', () => {
  const started = processorMs();
  for (const part of ['what do ', 'how much ', 'and when ', 'what does a']) {
    const question = part.repeat(20_000 / part.length);
    demandOf(question);
    demandOf(`How many? ${question}`)?.meets(question);
  }
  expect(processorMs() - started).toBeLessThan(500);
});
