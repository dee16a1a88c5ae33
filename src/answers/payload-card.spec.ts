import { payloadCards, payloadHeading, percentOf } from './payload-card.js';

describe('payloadCards', () => {
  it('shows a match with its score, reasons and fields', () => {
    const item = {
      id: 'x',
      title: 'Backend Engineer',
      company: 'Nordwind',
      score: 0.934,
      reasons: ['5 of 5 skills', { text: 'Remote' }],
      salary: { min: 60000, max: 70000 },
      skills: ['Node.js', 'SQL'],
      starts: '2026-12-01',
      tenant_id: 'hidden',
    };
    expect(payloadCards([item])).toMatchObject([
      {
        title: 'Backend Engineer',
        subtitle: 'Nordwind',
        percent: 93,
        reasons: ['5 of 5 skills', 'Remote'],
        fields: [
          { label: 'Salary', value: '60,000 – 70,000' },
          { label: 'Skills', value: 'Node.js, SQL' },
          { label: 'Starts', value: 'Dec 1, 2026' },
        ],
      },
    ]);
  });

  it('words ranges, money and keywords, and sets a description apart', () => {
    const item = {
      title: 'T',
      employment: 'full_time',
      salary_min: 52000,
      salary_max: 64000,
      currency: 'EUR',
      years: 4,
    };
    expect(payloadCards([{ ...item, description: 'In a few sentences.' }])).toMatchObject([
      {
        text: 'In a few sentences.',
        fields: [
          { label: 'Employment', value: 'Full time' },
          { label: 'Salary', value: '52,000 – 64,000 EUR' },
          { label: 'Years', value: '4' },
        ],
      },
    ]);
  });

  it('reads fields that stand one level down', () => {
    const [card] = payloadCards([{ id: 1, score: 1, metadata: { name: 'Ada', city: 'Hamburg' } }]);
    expect(card).toMatchObject({ title: 'Ada', percent: 100, fields: [{ label: 'City', value: 'Hamburg' }] });
  });

  it('makes something readable of items that it knows nothing about', () => {
    expect(payloadCards(['text', { weird: { nested_value: true } }, null])).toMatchObject([
      { title: 'text', fields: [] },
      { title: 'Result 2', fields: [{ label: 'Weird', value: 'Nested value: Yes' }] },
      { title: 'Result 3' },
    ]);
  });

  it('links to web addresses only', () => {
    const urls = payloadCards([{ url: 'javascript:x' }, { url: 'https://a.b' }]).map((card) => card.url);
    expect(urls).toEqual([null, 'https://a.b']);
  });
});

describe('percentOf', () => {
  it('takes shares and percentages, and nothing else', () => {
    expect([0.5, 1, 87.4, 140, -1, 'x', Number.NaN].map(percentOf)).toEqual([50, 100, 87, 100, 0, null, null]);
  });
});

describe('payloadHeading', () => {
  it('names the usual kinds and words the others', () => {
    expect([payloadHeading('jobs'), payloadHeading('shipment_events')]).toEqual(['Matching jobs', 'Shipment events']);
  });
});
