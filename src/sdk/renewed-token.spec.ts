import { RenewedToken } from './renewed-token.js';

const START = 1_700_000_000_000;
/** A JWT that ends so many seconds after the start; its other parts are nobody's business. */
const jwt = (seconds: number, note = '') => {
  const payload = btoa(JSON.stringify({ exp: START / 1000 + seconds, note: `ÿ?>${note}` }));
  return `h.${payload.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}.s`;
};

function setup(...answers: (string | null | Error)[]) {
  let asked = 0;
  const source = new RenewedToken(() => {
    const answer = answers[asked++] ?? null;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  });
  return { source, asked: () => asked };
}

describe('a token that somebody else gives out', () => {
  beforeEach(() => jest.useFakeTimers({ now: START }));
  afterEach(() => jest.useRealTimers());

  it('is asked for once while it is good, however many need it', async () => {
    const { asked, source } = setup(jwt(900), jwt(1800));
    expect(await Promise.all([source.token(false), source.token(false)])).toEqual([jwt(900), jwt(900)]);
    jest.setSystemTime(START + 894_000);
    expect(await source.token(false)).toBe(jwt(900));
    jest.setSystemTime(START + 896_000);
    expect(await source.token(false)).toBe(jwt(1800));
    expect(asked()).toBe(2);
  });

  it('is asked for again when it was refused', async () => {
    const { source } = setup(jwt(900, 'a'), jwt(900, 'b'));
    await source.token(false);
    expect(await source.token(true)).toBe(jwt(900, 'b'));
  });

  it('is renewed a minute before its end, or at half of a short life, and told to who listens', async () => {
    const { asked, source } = setup(jwt(900), jwt(960, 'short'), null);
    const heard: string[] = [];
    const off = source.onRenewed((token) => heard.push(token));
    await source.token(false);
    await jest.advanceTimersByTimeAsync(839_000);
    expect(heard).toEqual([]);
    await jest.advanceTimersByTimeAsync(1000);
    expect(heard).toEqual([jwt(960, 'short')]);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(asked()).toBe(3);
    expect(heard).toHaveLength(1);
    off();
  });

  it('is renewed for nobody once nobody listens', async () => {
    const { asked, source } = setup(jwt(900), jwt(1800));
    const off = source.onRenewed(() => undefined);
    await source.token(false);
    off();
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(asked()).toBe(1);
  });

  it('that says no end is kept until it is refused', async () => {
    const { asked, source } = setup('opaque', 'other');
    source.onRenewed(() => undefined);
    await source.token(false);
    await jest.advanceTimersByTimeAsync(90 * 24 * 3_600_000);
    expect(await source.token(false)).toBe('opaque');
    expect(asked()).toBe(1);
  });

  it('is asked for the next time when it could not be asked for', async () => {
    const { source } = setup(new Error('offline'), jwt(900));
    await expect(source.token(false)).rejects.toThrow('offline');
    expect(await source.token(false)).toBe(jwt(900));
  });
});
