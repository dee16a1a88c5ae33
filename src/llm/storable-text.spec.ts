import { StorableText } from './storable-text.js';

function streamed(...pieces: string[]): string[] {
  const text = new StorableText();
  return [...pieces.map((piece) => text.push(piece)), text.end()];
}

describe('StorableText', () => {
  it.each([
    [
      ['plain', ' text'],
      ['plain', ' text', ''],
    ],
    [
      ['a\0b', '\0'],
      ['ab', '', ''],
    ],
    [
      ['x\ud83d', '\ude00y'],
      ['x', '😀y', ''],
    ],
    [
      ['x\ud83d', '', '\ude00'],
      ['x', '', '😀', ''],
    ],
    [
      ['x\ud83d', 'y'],
      ['x', '\ufffdy', ''],
    ],
    [['x\ud83d'], ['x', '\ufffd']],
    [['\ude00x'], ['\ufffdx', '']],
    [
      ['\ud83d', '\ud83d', '\ude00'],
      ['', '\ufffd', '😀', ''],
    ],
    [
      ['\ud83d\0', '\ude00'],
      ['\ufffd', '\ufffd', ''],
    ],
  ])('makes of %j %j', (pieces, expected) => {
    expect(streamed(...pieces)).toEqual(expected);
  });
});
