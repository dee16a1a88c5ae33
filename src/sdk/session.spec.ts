import { Session, type TokenAnswer } from './session.js';
import type { KeyValueStore } from './store.js';

class MemoryStore implements KeyValueStore {
  readonly values = new Map<string, string>();
  getItem = (key: string) => this.values.get(key) ?? null;
  setItem = (key: string, value: string) => void this.values.set(key, value);
  removeItem = (key: string) => void this.values.delete(key);
}

const user = { id: 'u', email: 'e', name: 'n', role: 'end_user', tenant: { id: 't', slug: 'acme' } };
const answer = (n: number, expiresIn = 900): TokenAnswer => ({
  access_token: `access-${n}`,
  refresh_token: `refresh-${n}`,
  expires_in: expiresIn,
});

function setup(refresh: (token: string) => Promise<TokenAnswer | null>) {
  const store = new MemoryStore();
  const session = new Session({ store, refresh });
  session.start({ ...answer(1), user });
  return { store, session };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('Session', () => {
  it('renews a minute before the token expires, and keeps the successor', async () => {
    const asked: string[] = [];
    const { session } = setup((token) => {
      asked.push(token);
      return Promise.resolve(answer(asked.length + 1));
    });
    await jest.advanceTimersByTimeAsync(839_000);
    expect(asked).toEqual([]);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(asked).toEqual(['refresh-1']);
    expect(session.current).toMatchObject({ accessToken: 'access-2', refreshToken: 'refresh-2', user });
  });

  it('trades a refresh token once, however many ask at the same time', async () => {
    let calls = 0;
    const { session } = setup(() => Promise.resolve(answer((calls += 1) + 1)));
    expect(await Promise.all([session.token(true), session.token(true)])).toEqual(['access-2', 'access-2']);
    expect(calls).toBe(1);
  });

  it('survives a reload of the tab', () => {
    const { store } = setup(() => Promise.resolve(null));
    const again = new Session({ store, refresh: () => Promise.resolve(null) });
    expect(again.current?.accessToken).toBe('access-1');
  });

  it('ends when the server refuses the refresh token', async () => {
    const { session, store } = setup(() => Promise.resolve(null));
    expect(await session.token(true)).toBeNull();
    expect(session.current).toBeNull();
    expect(store.values.size).toBe(0);
  });

  it('does not end because the server could not be reached', async () => {
    const { session } = setup(() => Promise.reject(new Error('offline')));
    await expect(session.token(true)).rejects.toThrow('offline');
    expect(session.current?.accessToken).toBe('access-1');
  });

  it('does not sign in again when a renewal comes back after signing out', async () => {
    let finish: (value: TokenAnswer) => void = () => undefined;
    const { session } = setup(() => new Promise((resolve) => (finish = resolve)));
    const pending = session.token(true);
    session.end();
    finish(answer(2));
    expect(await pending).toBeNull();
    expect(session.current).toBeNull();
  });
});
