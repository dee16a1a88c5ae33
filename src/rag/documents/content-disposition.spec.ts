import { contentDisposition } from './content-disposition.js';

describe('contentDisposition', () => {
  it.each([
    ['report.pdf', 'application/pdf', `attachment; filename="report.pdf"; filename*=UTF-8''report.pdf`],
    ['Notes', 'text/markdown', `attachment; filename="Notes.md"; filename*=UTF-8''Notes.md`],
    ['a"b\\c;d.txt', 'text/plain', `attachment; filename="a_b_c_d.txt"; filename*=UTF-8''a%22b%5Cc%3Bd.txt`],
    ["it's (1).csv", 'text/csv', `attachment; filename="it_s (1).csv"; filename*=UTF-8''it%27s%20%281%29.csv`],
    [
      'año\r\nX: y.txt',
      'text/plain',
      `attachment; filename="a_o__X_ y.txt"; filename*=UTF-8''a%C3%B1o%0D%0AX%3A%20y.txt`,
    ],
  ])('of %j', (name, mime, header) => {
    expect(contentDisposition(name, mime)).toBe(header);
  });

  it('survives half a character and endless names', () => {
    expect(contentDisposition(`${'x'.repeat(149)}😀.txt`, 'text/plain').length).toBeLessThan(400);
  });
});
