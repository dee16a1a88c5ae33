import type { Frame } from '../support/chat-client.js';
import { Journal, type Sent } from './journal.js';
import { checkJournal, faultsOf, type StoredMessage, type Truth } from './journal-check.js';
import type { TurnBook } from './turn-book.js';

/** One question that was asked, answered and told as it should be; each test breaks one thing about it. */
function sound() {
  const journal = new Journal();
  const sent = journal.note('reader', 'steadily please: nonce:n1');
  sent.ack = { turn_id: 't1', message_id: 'q1', conversation_id: 'c1', at: 0 };
  const book = journal.book('reader');
  const frames: Frame[] = [
    { type: 'turn', status: 'running', start: 1, answer_id: 'a1', seq: 2 },
    { type: 'token', content: 'Hello', offset: 0, seq: 3 },
    { type: 'token', content: ' world', offset: 5, seq: 4 },
    { type: 'message', role: 'assistant', id: 'a1', content: 'Hello world', seq: 5 },
    { type: 'done', status: 'completed', seq: 6 },
  ];
  const question = { id: 'q1', role: 'user', content: sent.content, seq: 1 };
  const answer = { id: 'a1', role: 'assistant', content: 'Hello world', seq: 5 };
  const messages = [question, answer].map((one) => ({ ...one, turn_id: 't1', conversation_id: 'c1', metadata: {} }));
  return {
    journal,
    sent,
    book,
    frames,
    status: 'completed',
    /** Of a turn `t0` that the question had before. */
    before: null as string | null,
    messages: messages as StoredMessage[],
    open: [] as string[],
  };
}

/** The sender, cut off from an attempt that ended, sent the question again and was told of another attempt. */
function askedAgain(before: string, repeats = 1): (world: World) => void {
  return (w) => {
    w.before = before;
    w.sent.otherAcks.push({ turn_id: 't1', message_id: 'q1', conversation_id: 'c1' });
    w.sent.ack = { turn_id: 't0', message_id: 'q1', conversation_id: 'c1', at: 0 };
    w.book.turn('t0', 'c1').repeats = repeats;
  };
}

const questionFrame: Frame = { type: 'message', role: 'user', id: 'q1', content: 'steadily please', seq: 1 };

/** A Stop in the middle: its text is kept, as partial. */
function cancelled(change: (world: World) => void): (world: World) => void {
  return (w) => {
    w.status = 'cancelled';
    w.frames[4]!['status'] = 'cancelled';
    w.messages[1] = { ...w.messages[1]!, metadata: { partial: true } };
    change(w);
  };
}

function overHttp(change: (world: World) => void): (world: World) => void {
  return (w) => {
    w.sent.ack = { ...w.sent.ack!, message_id: null };
    change(w);
  };
}

/** `final=false`: no `message` frames, and whatever has a content is appended. */
function appending(change: (world: World) => void = () => undefined): (world: World) => void {
  return (w) => {
    w.journal.books.length = 0;
    w.book = w.journal.book('reader', false);
    w.frames.splice(3, 1);
    change(w);
  };
}

/** Two readers of one message that REST does not list (any more). */
function otherReader(change: (frames: Frame[]) => void): (world: World) => void {
  return (w) => {
    const frames = [{ type: 'message', role: 'user', id: 'q9', turn_id: 't9', conversation_id: 'c9', seq: 8 }];
    for (const frame of frames) w.book.take(frame);
    change(frames);
    for (const frame of frames) w.journal.book('other').take(frame);
  };
}

type World = ReturnType<typeof sound>;

function faults(change: (world: World) => void): string[] {
  const world = sound();
  change(world);
  for (const frame of world.frames)
    if (frame['connect'] === true) world.book.connection++;
    else world.book.take({ conversation_id: 'c1', turn_id: 't1', ...frame });
  const ended = { status: world.status, conversationId: 'c1', error: null };
  const turns = new Map(world.status === 'gone' ? [] : [['t1', ended]]);
  if (world.before !== null) turns.set('t0', { ...ended, status: world.before });
  const truth: Truth = { turns, restTurns: turns, messages: world.messages, open: world.open };
  return faultsOf(checkJournal(world.journal, truth));
}

describe('the comparison of a journal with what is stored', () => {
  it('finds nothing where nothing is wrong', () => {
    expect(faults(() => undefined)).toEqual([]);
  });

  it.each<[string, (world: World) => void, RegExp]>([
    ['an acknowledged turn that is gone', (w) => (w.status = 'gone'), /^lost: .*acked and is gone/],
    ['an answer that was not stored', (w) => w.messages.pop(), /^lost: .*without an answer/],
    ['a question that was not stored', (w) => w.messages.shift(), /^lost: .*0 times/],
    ['two answers', (w) => w.messages.push({ ...w.messages[1]!, id: 'a2' }), /^doubled: .*2 answers/],
    ['a question that stands twice', (w) => w.messages.push({ ...w.messages[0]!, id: 'q2' }), /^doubled: .*2 times/],
    ['another ack for a repeat', (w) => w.sent.otherAcks.push({ turn_id: 't2' }), /^doubled: .*acked again/],
    ['another attempt after one that had an answer', askedAgain('completed'), /^doubled: .*acked again/],
    ['a failure that nobody told and nobody asked about', askedAgain('failed', 0), /^waiting: .*never told: failed/],
    ['a reader that was never told', (w) => w.frames.pop(), /^waiting: .*never told: completed/],
    ['two ends', (w) => w.frames.push(w.frames.at(-1)!), /^doubled: .*2 ends/],
    ['another end than the stored one', (w) => (w.status = 'cancelled'), /^wrong: .*told completed/],
    ['a hole in the text', (w) => w.frames.splice(1, 1), /^wrong: .*token at 5 behind 0/],
    ['another text', (w) => (w.frames[2]!['content'] = ' there'), /^wrong: .*put together/],
    ['another message', (w) => (w.frames[3]!['content'] = 'Bye'), /^wrong: .*was sent "Bye"/],
    ['no message', (w) => w.frames.splice(3, 1), /^wrong: .*never sent the stored message/],
    ['a turn that is under way still', (w) => w.open.push('turn t1 is running'), /^open: /],
    ['a message told twice over one connection', (w) => w.frames.push(w.frames[3]!), /^doubled: .*a1 was told 2 times/],
    [
      'an end told before its message',
      (w) => w.frames.push(...w.frames.splice(3, 1)),
      /^wrong: .*a1 .*number 5 after 6/,
    ],
    ['a number that was told before', (w) => (w.frames[4]!['seq'] = 5), /^wrong: .*number 5 after 5/],
    [
      'a message told again to who asked for what lies behind it',
      (w) => w.frames.splice(4, 0, { connect: true }, w.frames[3]!),
      /^wrong: .*a1 was told as number 5 after 5/,
    ],
    [
      'another number than the stored one',
      (w) => (w.frames[3]!['seq'] = 4),
      /^wrong: .*a1 .*number 4, and as 5 by REST/,
    ],
    [
      'another number at another reader',
      otherReader((frames) => (frames[0]!['seq'] = 7)),
      /^wrong: .*number 7, and as 8/,
    ],
    [
      'another order than REST’s',
      (w) => w.messages.reverse() && w.frames.unshift(questionFrame),
      /^wrong: .*REST lists/,
    ],
    [
      'a cancelled turn’s lost question',
      cancelled((w) => w.messages.shift()),
      /^lost: .*of a cancelled turn stands 0 times/,
    ],
    ['a cancelled turn’s lost text', cancelled((w) => w.messages.pop()), /^lost: .*kept nothing of it/],
    [
      'a cancelled turn’s text that is not marked as partial',
      cancelled((w) => (w.messages[1] = { ...w.messages[1]!, metadata: {} })),
      /^wrong: .*not marked/,
    ],
    [
      'a partial that ends in half a character',
      cancelled((w) => (w.messages[1] = { ...w.messages[1]!, content: 'Hello \ud83e' })),
      /^wrong: .*half a character/,
    ],
    ['a question over HTTP that was not stored', overHttp((w) => w.messages.shift()), /^lost: .*stands 0 times/],
    ['other text at an appending reader', appending((w) => w.frames.splice(2, 0, w.frames[1]!)), /^wrong: .*appended/],
    ['sends that were not acknowledged', (w) => w.journal.note('reader', 'nonce:n2'), /^only 1 of 2/],
  ])('finds %s', (_what, change, line) => {
    expect(faults(change).some((fault) => line.test(fault))).toBe(true);
  });

  it('takes text that begins again, and an end told again to who asked again, for what they are', () => {
    const again = (w: ReturnType<typeof sound>) => {
      w.frames.splice(2, 0, { type: 'turn', status: 'running', start: 2, answer_id: 'a1' });
      w.frames.splice(3, 0, { type: 'token', content: 'Hello', offset: 0 });
      w.frames.push(w.frames.at(-1)!);
      w.book.turn('t1', 'c1').repeats = 1;
    };
    expect(faults(again)).toEqual([]);
  });

  it.each<[string, (world: World) => void]>([
    ['a Stop that keeps question and text', cancelled(() => undefined)],
    ['an appending reader', appending()],
    ['a question of HTTP', overHttp(() => undefined)],
    ['two readers of the same', otherReader(() => undefined)],
    [
      'a Stop that cut before the last token',
      cancelled((w) => {
        w.messages[1] = { ...w.messages[1]!, content: 'Hello' };
        w.frames[3]!['content'] = 'Hello';
      }),
    ],
    [
      'a question that was asked anew after a failure, under a new number',
      (w) => w.frames.unshift({ ...questionFrame, turn_id: 't0', seq: 0 }),
    ],
    ['a question that its sender sent again after a failure', askedAgain('failed')],
    ['what goes on over the next connection', (w) => w.frames.splice(3, 0, { connect: true })],
  ])('takes %s for what it is', (_what, change) => {
    expect(faults(change)).toEqual([]);
  });

  it('owes nothing to a reader that left', () => {
    const left = (w: { book: TurnBook; frames: Frame[]; sent: Sent }) => {
      w.frames.pop();
      w.book.staying = false;
    };
    expect(faults(left)).toEqual([]);
  });
});
