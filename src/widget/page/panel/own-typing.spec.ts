import { OwnTyping } from './own-typing.js';

describe('that the visitor types', () => {
  beforeEach(() => jest.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => jest.useRealTimers());

  it('is said now and then, and once that it is over', () => {
    const said: boolean[] = [];
    const typing = new OwnTyping((on) => said.push(on));
    for (let key = 0; key < 20; key++) {
      typing.typed(false);
      jest.advanceTimersByTime(300);
    }
    expect(said).toEqual([true, true]);
    jest.advanceTimersByTime(10_000);
    expect(said).toEqual([true, true, false]);
    typing.stop();
    expect(said).toHaveLength(3);
  });

  it('ends with the message, and with an empty field', () => {
    const said: boolean[] = [];
    const typing = new OwnTyping((on) => said.push(on));
    typing.typed(false);
    typing.stop();
    typing.typed(false);
    typing.typed(true);
    expect(said).toEqual([true, false, true, false]);
  });
});
