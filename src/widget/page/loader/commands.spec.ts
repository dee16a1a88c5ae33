import { type Call, commandsOf, readCalls } from './commands.js';

describe('window.Switchboard', () => {
  it('keeps what was asked before anything was there, in order', () => {
    const { api, takeOver } = commandsOf(readCalls([['on', 'open'], 'nonsense', null, ['open']]));
    api.send('Hello');
    api.push(['identify', 'a.b.c'], ['close']);
    const done: Call[] = [];
    takeOver((call) => done.push(call));
    expect(done).toEqual([['on', 'open'], ['open'], ['send', 'Hello'], ['identify', 'a.b.c'], ['close']]);
    api.toggle();
    expect(done.at(-1)).toEqual(['toggle']);
  });

  it('takes nothing for a queue that is none', () => {
    expect([undefined, null, {}, 7, { length: 2 }].map(readCalls)).toEqual([[], [], [], [], []]);
  });
});
