import { csvText } from './csv.js';

describe('csvText', () => {
  it('quotes what has a comma, a quote or a line break', () => {
    expect(
      csvText([
        ['a', 'b'],
        ['1,5', 'say "hi"'],
        ['two\nlines', null],
        [3, ''],
      ]),
    ).toBe('a,b\r\n"1,5","say ""hi"""\r\n"two\nlines",\r\n3,\r\n');
  });

  it.each(['=1+1', '+1', '-2+3', '@SUM(A1)', ' =cmd', '\t=1', '\r=1'])('lets no spreadsheet run %j', (cell) => {
    expect(csvText([[cell]]).replace(/^"/, '')).toMatch(/^'/);
  });
});
