import { Connection, reconnectPause, type ConnectionStatus, type SocketLike } from './connection.js';
import type { ServerFrame } from './protocol.js';

class FakeSocket implements SocketLike {
  sent: Record<string, unknown>[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  send(data: string): void {
    this.sent.push(JSON.parse(data) as Record<string, unknown>);
  }

  close(): void {
    this.closed = true;
  }

  deliver(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

function setup(token: (fresh: boolean) => Promise<string | null> = () => Promise.resolve('access')) {
  const sockets: FakeSocket[] = [];
  const statuses: ConnectionStatus[] = [];
  const frames: ServerFrame[] = [];
  const tokenCalls: boolean[] = [];
  let ready = 0;
  const socket = new Connection({
    url: 'ws://test/ws/chat',
    token: (fresh) => {
      tokenCalls.push(fresh);
      return token(fresh);
    },
    onFrame: (frame) => frames.push(frame),
    onStatus: (status) => statuses.push(status),
    onReady: () => (ready += 1),
    createSocket: () => {
      const fake = new FakeSocket();
      sockets.push(fake);
      return fake;
    },
    now: () => 0,
    random: () => 1,
  });
  const last = () => sockets.at(-1) as FakeSocket;
  const connect = async () => {
    last().onopen?.();
    await jest.advanceTimersByTimeAsync(0);
    last().deliver({ type: 'ready' });
  };
  return { socket, sockets, statuses, frames, tokenCalls, last, connect, ready: () => ready };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('Connection', () => {
  it('authenticates with the first frame and is ready when the server says so', async () => {
    const test = setup();
    test.socket.connect();
    expect(test.socket.send({ type: 'ping' })).toBe(false);
    await test.connect();
    expect(test.last().sent).toEqual([{ type: 'auth', token: 'access' }]);
    expect(test.statuses.at(-1)).toEqual({ state: 'ready', draining: false });
    expect(test.ready()).toBe(1);
  });

  it('comes back with growing pauses, and starts small again after a success', async () => {
    const test = setup();
    test.socket.connect();
    test.last().onclose?.({ code: 1006 });
    expect(test.statuses.at(-1)).toEqual({ state: 'waiting', retryAt: 500, attempt: 1 });
    await jest.advanceTimersByTimeAsync(500);
    test.last().onclose?.({ code: 1006 });
    expect(test.statuses.at(-1)).toEqual({ state: 'waiting', retryAt: 1000, attempt: 2 });
    await jest.advanceTimersByTimeAsync(1000);
    await test.connect();
    test.last().onclose?.({ code: 1013 });
    expect(test.statuses.at(-1)).toMatchObject({ attempt: 1 });
    expect(test.sockets).toHaveLength(3);
  });

  it('renews an expired token on the same connection', async () => {
    const test = setup((fresh) => Promise.resolve(fresh ? 'renewed' : 'access'));
    test.socket.connect();
    await test.connect();
    test.last().deliver({ type: 'error', code: 'TOKEN_EXPIRED', message: 'x' });
    await jest.advanceTimersByTimeAsync(0);
    expect(test.last().sent.at(-1)).toEqual({ type: 'auth', token: 'renewed' });
    expect(test.frames.map((frame) => frame.type)).toEqual(['ready']);
    expect(test.sockets).toHaveLength(1);
  });

  it('signs in again with a fresh token, also after it has stopped', async () => {
    const test = setup((fresh) => Promise.resolve(fresh ? 'of somebody else' : null));
    test.socket.connect();
    test.last().onopen?.();
    await jest.advanceTimersByTimeAsync(0);
    expect(test.statuses.at(-1)).toMatchObject({ state: 'stopped' });
    test.socket.signInAgain();
    await test.connect();
    expect(test.last().sent).toEqual([{ type: 'auth', token: 'of somebody else' }]);
    expect(test.ready()).toBe(1);
  });

  it('asks for a fresh token after a refused one', async () => {
    const test = setup();
    test.socket.connect();
    test.last().onopen?.();
    await jest.advanceTimersByTimeAsync(0);
    test.last().onclose?.({ code: 4401 });
    await jest.advanceTimersByTimeAsync(500);
    await test.connect();
    expect(test.tokenCalls).toEqual([false, true]);
  });

  it('stops when nobody is signed in, and when the origin is refused', async () => {
    const signedOut = setup(() => Promise.resolve(null));
    signedOut.socket.connect();
    signedOut.last().onopen?.();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(signedOut.statuses.at(-1)?.state).toBe('stopped');
    expect(signedOut.sockets).toHaveLength(1);

    const refused = setup();
    refused.socket.connect();
    refused.last().onclose?.({ code: 4403 });
    await jest.advanceTimersByTimeAsync(60_000);
    expect(refused.sockets).toHaveLength(1);
  });

  it('stops with the words of the server when the account is suspended, and knocks again when it cannot tell', async () => {
    const suspended = setup();
    suspended.socket.connect();
    await suspended.connect();
    suspended.last().deliver({ type: 'error', scope: 'connection', code: 'SUSPENDED', message: 'Suspended: ask' });
    suspended.last().onclose?.({ code: 4403 });
    expect(suspended.statuses.at(-1)).toEqual({ state: 'stopped', reason: 'Suspended: ask' });
    const away = setup();
    away.socket.connect();
    away.last().deliver({ type: 'error', scope: 'connection', code: 'UNAVAILABLE', message: 'Later' });
    away.last().onclose?.({ code: 1013 });
    expect(away.statuses.at(-1)?.state).toBe('waiting');
    expect(away.frames).toEqual([]);
  });

  it('tries again when the renewal cannot reach the server', async () => {
    const test = setup(() => Promise.reject(new Error('unreachable')));
    test.socket.connect();
    test.last().onopen?.();
    await jest.advanceTimersByTimeAsync(0);
    expect(test.statuses.at(-1)?.state).toBe('waiting');
  });

  it('holds messages back while the server drains', async () => {
    const test = setup();
    test.socket.connect();
    await test.connect();
    expect(test.socket.accepting).toBe(true);
    test.last().deliver({ type: 'server_draining' });
    expect(test.socket.accepting).toBe(false);
  });

  it('notices a line that died silently', async () => {
    const test = setup();
    test.socket.connect();
    await test.connect();
    await jest.advanceTimersByTimeAsync(25_000);
    expect(test.last().sent.at(-1)).toEqual({ type: 'ping' });
    test.last().deliver({ type: 'pong' });
    await jest.advanceTimersByTimeAsync(24_000);
    expect(test.statuses.at(-1)?.state).toBe('ready');
    await jest.advanceTimersByTimeAsync(1_000 + 10_000);
    expect(test.statuses.at(-1)?.state).toBe('waiting');
    expect(test.last().closed).toBe(true);
  });

  it('stays closed once it was closed', async () => {
    const test = setup();
    test.socket.connect();
    await test.connect();
    test.socket.close();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(test.sockets).toHaveLength(1);
    expect(test.last().closed).toBe(true);
  });
});

describe('reconnectPause', () => {
  it('doubles up to fifteen seconds, of which up to half is random', () => {
    expect([1, 2, 3, 9].map((attempt) => reconnectPause(attempt, 1))).toEqual([500, 1000, 2000, 15_000]);
    expect(reconnectPause(1, 0)).toBe(250);
  });
});
