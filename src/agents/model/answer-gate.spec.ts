import { AnswerGate } from './answer-gate.js';
import { processorMs } from '../../../test/support/processor-time.js';

/** What is shown of an answer that comes in these pieces; null: it was the sign. */
function shown(pieces: readonly string[]): string | null {
  let text = '';
  const out = {
    get written() {
      return text.length;
    },
    write: (piece: string) => void (text += piece),
  };
  const gate = new AnswerGate(out);
  for (const piece of pieces) gate.write(piece);
  return gate.end() ? text : text === '' ? null : `shown and refused: ${text}`;
}

const oneByOne = (text: string): string[] => [...text];
const atOnce = (text: string): string[] => [text];
const twos = (text: string): string[] => text.match(/[\s\S]{1,2}/g) ?? [];

describe.each([
  ['at once', atOnce],
  ['two characters at a time', twos],
  ['one character at a time', oneByOne],
])('the gate, %s', (_name, cut) => {
  it.each([
    'NO_ANSWER',
    ' NO_ANSWER\n',
    '"NO_ANSWER"',
    '“NO_ANSWER”',
    '**NO_ANSWER**',
    '`NO_ANSWER`',
    '```\nNO_ANSWER\n```',
    '_NO_ANSWER_',
    'NO\\_ANSWER',
    '[NO_ANSWER]',
    'NO_ANSWER.',
    'No_Answer',
    'NO ANSWER',
    '**NO ANSWER.**',
    'NO_ANSWER. The passages say nothing about parking; you can call us on 123.',
    'NO_ANSWER\n\nPlease contact our team at help@example.com.',
    '',
  ])('takes %j for the sign', (text) => {
    expect(shown(cut(text))).toBeNull();
  });

  it.each([
    'NO, answers take two days [1].',
    'No. Answers are sent by post [1].',
    'NO_ANSWERS are stored under that name [1].',
    'NO_ANSWER_KEY is the setting [1].',
    'No answer is needed: the booking stands [1].',
    'NO ANSWER from the driver means that the parcel comes back [1].',
    'N',
    'No',
    'Nobody under 16 [1].',
    '**No**, dogs stay outside [1].',
    'The station NORTH closes at 9 [1], SAN SEBASTIAN',
    'It ends with N',
  ])('shows %j as it is', (text) => {
    expect(shown(cut(text))).toBe(text);
  });

  it.each([
    ['The passages do not say that. NO_ANSWER', 'The passages do not say that.'],
    ['Sorry, nothing is said about it.\n\n**NO_ANSWER**', 'Sorry, nothing is said about it.'],
    ['Set `NO_ANSWER` to 1, then restart [1].', 'Set `NO_ANSWER` to 1, then restart [1].'],
  ])('keeps the sign back at the end of %j', (text, rest) => {
    expect(shown(cut(text))?.trimEnd()).toBe(rest);
  });
});

it('holds back no more than a sign may be long', () => {
  const dots = '.'.repeat(20_000);
  expect(shown(atOnce(dots))).toBe(dots);
  const blank = `A${' '.repeat(20_000)}`;
  const started = processorMs();
  expect(shown(['Yes: ', blank, blank, `N${' '.repeat(20_000)}N`])).not.toBeNull();
  expect(shown(twos(`${'_ '.repeat(10_000)}NO_`))).not.toBeNull();
  expect(processorMs() - started).toBeLessThan(500);
});
