import { tool } from '../../../../test/support/agent-fakes.js';
import { judging, propertiesOf } from '../../catalog/tool-inputs.js';
import { figuresIn } from './counted.js';
import { findingsFor } from './entity-rules.js';
import { processorMs } from '../../../../test/support/processor-time.js';

const kinds = (text: string) => figuresIn(text).map(({ at, end, kind }) => [text.slice(at, end), kind]);

it.each([
  ['who won the race in 2014?', [['2014', 'year']]],
  ['seit 1998 Mitglied', [['1998', 'year']]],
  [
    '¿desde 2020 hasta 2023?',
    [
      ['2020', 'year'],
      ['2023', 'year'],
    ],
  ],
  [
    'a boat for $15000 or 1500 euros',
    [
      ['15000', 'amount'],
      ['1500', 'amount'],
    ],
  ],
  [
    'unter 1200 € und nach 1000 Tagen',
    [
      ['1200', 'amount'],
      ['1000', 'amount'],
    ],
  ],
  ['a walk of 1500 metres takes 1000 Minuten', [['1000', 'amount']]],
  ['call +353 87 1234 567', [['+353 87 1234 567', 'phone']]],
  ['ruf 0171 555 2030 an', [['0171 555 2030', 'phone']]],
])('reads what "%s" counts', (text, figures) => {
  expect(kinds(text)).toEqual(figures);
});

it.each([
  '1042 and 1043 and 1017',
  'booking 1042 please',
  '1042 bitte',
  'kommt 1042 am Montag',
  'is 1042 in Dublin',
  'status of 2014',
  'A-1042',
  '1042 1043 1017',
])('reads no count in "%s"', (text) => {
  expect(figuresIn(text)).toEqual([]);
});

it('takes no time over hostile digits', () => {
  const start = processorMs();
  for (const part of ['1,', '1 ', '+1 ', '0 1', '(0', '1in ', 'in 1'])
    figuresIn(part.repeat(10_000).slice(0, 20_000) + 'a');
  expect(processorMs() - start).toBeLessThan(1000);
});

const BOOKING = { type: 'string', pattern: '^[0-9]{4,6}$', title: 'booking number' };
function strongIn(text: string, schema: object = BOOKING, asked = false) {
  const [property] = propertiesOf(
    tool('find', { inputSchema: { type: 'object', properties: { booking: schema }, required: ['booking'] } }),
  );
  if (property === undefined) throw new Error('no property');
  const options = { today: new Date('2026-05-04'), language: 'en', asked, alone: asked, meter: judging() };
  return findingsFor(property, text, options).flatMap(({ strong, value }) => (strong ? [value] : []));
}

it.each(['what was built in 2014?', 'does it hold 1500 litros', 'I pay 1500 EUR', 'my phone is +353 87 1234 5678'])(
  'sees no number of a tool in "%s"',
  (text) => {
    expect(strongIn(text)).toEqual([]);
  },
);

it('sees it where the word stands before it, where it was asked for, and where it stands alone', () => {
  expect(strongIn('booking number 2014 since 2014')).toContain('2014');
  expect(strongIn('it is in 2014', BOOKING, true)).toEqual(['2014']);
  expect(strongIn('2014')).toEqual(['2014']);
  expect(strongIn('built in 2014', { type: 'string', pattern: '^\\d{4}$', title: 'year' })).toEqual(['2014']);
});
