import { type SubmitInput } from '#conversations';
import { InvalidInputError, SuspendedError, UnauthorizedError, UnavailableError } from '#platform/errors';
import { createLogger } from '#platform/logging';
import { connectionOptions } from '../protocol/reader-options.js';
import { AUTH_DEADLINE_MS, ChatConnection, type ConnectionServices, EXPIRY_GRACE_MS } from './chat-connection.js';
import type { Credential } from './handshake.js';
import type { SocketIdentity } from './socket-identity.js';
import type { SocketWriter } from './socket-writer.js';

type Sent = Record<string, unknown> & { type: string };

class FakeWriter {
  readonly sent: Sent[] = [];
  closed: number | null = null;
  pings = 0;
  paused = false;
  pauses = 0;
  terminated = false;
  private over = false;
  onEnd: () => void = () => undefined;
  get open(): boolean {
    return this.closed === null && !this.terminated && !this.over;
  }
  send(text: string): void {
    if (this.open) this.sent.push(JSON.parse(text) as Sent);
  }
  close(code: number): void {
    this.closed ??= code;
    this.ended();
  }
  ended(): void {
    this.over = true;
    this.onEnd();
    this.onEnd = () => undefined;
  }
  ping(): void {
    this.pings++;
  }
  pause(): void {
    this.paused = true;
    this.pauses++;
  }
  resume(): void {
    this.paused = false;
  }
  pong(): void {
    this.pongs++;
  }
  pongs = 0;
  terminate(): void {
    this.terminated = true;
  }
  drained(): Promise<void> {
    return Promise.resolve();
  }
}

const IDENTITY: SocketIdentity = {
  ctx: {
    tenantId: 'tenant',
    correlationId: 'c',
    principal: { id: 'me', role: 'end_user', persona: null, sessionId: 's' },
  },
  user: { id: 'me' },
  tenant: { id: 'tenant', slug: 'acme' },
  expiresAt: null,
};

const UUID = '0190b8a0-0000-7000-8000-000000000001';
const LIMITS = { content: 16_000, frame_bytes: 65_536, messages_per_minute: 10, queue: 5 };

function world(
  options: { credential?: Credential; identity?: SocketIdentity; services?: Partial<ConnectionServices> } = {},
) {
  const writer = new FakeWriter();
  const ended: string[] = [];
  const services: ConnectionServices = {
    heartbeatSeconds: 30,
    bypassEnabled: false,
    logger: createLogger({ level: 'silent' }),
    verify: async () => options.identity ?? IDENTITY,
    byBypass: async () => null,
    assertAlive: async () => undefined,
    admit: () => true,
    welcome: async () => ({ defaults: { stream: true, final: true, format: 'markdown' }, limits: LIMITS }),
    restore: async () => undefined,
    submit: async () => undefined,
    abort: async () => undefined,
    regenerate: async () => undefined,
    resume: async () => undefined,
    unsubscribe: async () => undefined,
    escalate: async () => undefined,
    type: async () => undefined,
    rate: async () => '00000000-0000-7000-8000-000000000000',
    refused: () => undefined,
    left: () => void ended.push('left'),
    closed: () => void ended.push('closed'),
    ...options.services,
  };
  const connection = new ChatConnection(
    writer as unknown as SocketWriter,
    {
      path: '/ws/chat',
      query: new URLSearchParams(),
      origin: undefined,
      host: undefined,
      userId: null,
      credential: options.credential ?? { kind: 'token', token: 'good' },
    },
    connectionOptions(new URLSearchParams()),
    services,
  );
  const say = (frame: object): void => connection.onMessage(Buffer.from(JSON.stringify(frame)), false);
  const codes = () => writer.sent.map((frame) => frame['code'] ?? frame.type);
  return { writer, connection, ended, say, codes };
}

const settled = async (): Promise<void> => {
  for (let n = 0; n < 20; n++) await Promise.resolve();
};

describe('a connection', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('pings after each period and is dropped half a period after the second unanswered one', () => {
    const { connection, writer } = world();
    const period = 30_000;
    const start = Date.now();
    connection.tick(start + period - 1);
    expect(writer.pings).toBe(0);
    connection.tick(start + period);
    connection.onPong();
    connection.tick(start + 2 * period);
    connection.tick(start + 3 * period);
    connection.tick(start + 3.5 * period - 1);
    expect([writer.pings, writer.terminated]).toEqual([3, false]);
    connection.tick(start + 3.5 * period);
    expect(writer.terminated).toBe(true);
  });

  it('is not dropped for an answer that came late, nor for one that nobody read', () => {
    const { connection, writer } = world();
    const period = 30_000;
    const start = Date.now();
    connection.tick(start + period);
    connection.tick(start + 2 * period);
    connection.onPong();
    connection.tick(start + 2.5 * period);
    connection.tick(start + 3 * period);
    connection.tick(start + 4 * period);
    writer.paused = true;
    connection.tick(start + 4.5 * period);
    connection.tick(start + 5 * period);
    expect(writer.terminated).toBe(false);
    writer.paused = false;
    connection.tick(start + 5 * period + 500);
    expect(writer.terminated).toBe(true);
  });

  it('stays alive as long as anything arrives', async () => {
    const { connection, writer, say } = world();
    for (let n = 1; n < 6; n++) {
      connection.tick(Date.now() + n * 30_000);
      say({ type: 'ping' });
    }
    expect(writer.terminated).toBe(false);
  });

  it('warns once when its token ends and is closed a minute later', async () => {
    const expiresAt = new Date(Date.now() + 1000);
    const { connection, writer, codes } = world({ identity: { ...IDENTITY, expiresAt } });
    connection.start();
    await settled();
    connection.tick(expiresAt.getTime() - 1);
    expect(codes()).toEqual(['ready']);
    connection.tick(expiresAt.getTime());
    connection.tick(expiresAt.getTime() + EXPIRY_GRACE_MS - 1);
    expect(codes()).toEqual(['ready', 'TOKEN_EXPIRED']);
    expect(writer.closed).toBeNull();
    connection.tick(expiresAt.getTime() + EXPIRY_GRACE_MS);
    expect(writer.closed).toBe(4401);
  });

  it('lives on with a new token of the same person, and not with a bad one', async () => {
    const expiresAt = new Date(Date.now() + 1000);
    let identity: SocketIdentity | null = { ...IDENTITY, expiresAt };
    const verify = async (): Promise<SocketIdentity> => {
      if (identity === null) throw new UnauthorizedError();
      return identity;
    };
    const { connection, writer, say, codes } = world({ services: { verify } });
    connection.start();
    await settled();
    connection.tick(expiresAt.getTime());
    identity = IDENTITY;
    say({ type: 'auth', token: 'next' });
    await settled();
    connection.tick(expiresAt.getTime() + EXPIRY_GRACE_MS);
    expect([codes(), writer.closed]).toEqual([['ready', 'TOKEN_EXPIRED', 'ready'], null]);
    identity = null;
    say({ type: 'auth', token: 'bad' });
    await settled();
    expect([codes().at(-1), writer.closed]).toEqual(['UNAUTHORIZED', 4401]);
  });

  it('waits so long for a token and no longer', async () => {
    const { connection, writer, codes } = world({ credential: { kind: 'none' } });
    connection.start();
    jest.advanceTimersByTime(AUTH_DEADLINE_MS - 1);
    expect(writer.closed).toBeNull();
    jest.advanceTimersByTime(1);
    expect([codes(), writer.closed]).toEqual([['UNAUTHORIZED'], 4401]);
  });

  it('looks at the next message only when the one before it has been accepted', async () => {
    const accepted: string[] = [];
    let accept: () => void = () => undefined;
    const submit: ConnectionServices['submit'] = async (_connection, frame: { content: SubmitInput['content'] }) => {
      await new Promise<void>((resolve) => (accept = resolve));
      accepted.push(frame.content);
    };
    const { connection, say, codes } = world({ services: { submit } });
    connection.start();
    await settled();
    say({ content: 'one' });
    say({ content: 'two' });
    say({ type: 'ping' });
    await settled();
    expect([accepted, codes()]).toEqual([[], ['ready']]);
    accept();
    await settled();
    expect(accepted).toEqual(['one']);
    accept();
    await settled();
    expect([accepted, codes()]).toEqual([
      ['one', 'two'],
      ['ready', 'pong'],
    ]);
  });

  it('is closed when more is sent before a token than it may hold', async () => {
    const { connection, writer, say, codes } = world({ credential: { kind: 'none' } });
    connection.start();
    for (let n = 0; n < 110; n++) say({ content: 'x' });
    expect([codes(), writer.closed]).toEqual([['RATE_LIMIT'], 1008]);
    expect(writer.sent[0]).toMatchObject({ scope: 'connection' });
  });

  it('says what an error is about: the frame, or the connection', async () => {
    const submit = async (): Promise<void> => {
      throw new InvalidInputError('content: no', { field: 'content' });
    };
    const { connection, writer, say } = world({ services: { submit } });
    connection.start();
    await settled();
    say({ content: 'x', ref: 'r', client_message_id: UUID, session_id: 's' });
    await settled();
    expect(writer.sent.at(-1)).toEqual({
      type: 'error',
      scope: 'frame',
      code: 'INVALID_INPUT',
      message: 'content: no',
      retryable: false,
      field: 'content',
      ref: 'r',
      client_message_id: UUID,
      session_id: 's',
    });
    connection.sessionEnded();
    expect(writer.sent.at(-1)).toMatchObject({ scope: 'connection', code: 'UNAUTHORIZED' });
  });

  it('of a suspended tenant is shut out: by the announcement, by its next frame, and at the door', async () => {
    const refused = async (): Promise<never> => {
      throw new SuspendedError();
    };
    const announced = world();
    announced.connection.start();
    await settled();
    announced.connection.suspended();
    const asked = world({ services: { assertAlive: refused } });
    asked.connection.start();
    await settled();
    asked.say({ content: 'x', ref: 'r' });
    const knocking = world({ services: { verify: refused } });
    knocking.connection.start();
    await settled();
    for (const { writer } of [announced, asked, knocking]) {
      expect(writer.sent.at(-1)).toMatchObject({ scope: 'connection', code: 'SUSPENDED' });
      expect(writer.closed).toBe(4403);
    }
  });

  it('whose token cannot be looked at is asked to come again, and one that is open stays', async () => {
    let away = true;
    const verify = async (): Promise<SocketIdentity> => {
      if (away) throw new UnavailableError('The database is not reachable: try again in a moment');
      return IDENTITY;
    };
    const knocking = world({ services: { verify } });
    knocking.connection.start();
    await settled();
    expect([knocking.codes(), knocking.writer.closed]).toEqual([['UNAVAILABLE'], 1013]);
    away = false;
    const open = world({ services: { verify } });
    open.connection.start();
    await settled();
    away = true;
    open.say({ type: 'ping' });
    open.say({ type: 'auth', token: 'next', ref: 'r' });
    await settled();
    expect(open.writer.sent.at(-1)).toMatchObject({ scope: 'frame', code: 'UNAVAILABLE', ref: 'r' });
    expect(open.writer.closed).toBeNull();
  });

  it('leaves its conversations once, whoever ended it', async () => {
    const { connection, ended } = world();
    connection.start();
    await settled();
    connection.sessionEnded();
    expect(ended).toEqual(['left']);
    connection.onClose();
    expect(ended).toEqual(['left', 'closed']);
  });

  it('leaves again what a frame in work subscribed it to after it had ended', async () => {
    let accept: () => void = () => undefined;
    const listening = new Set<string>();
    const { connection, say } = world({
      services: {
        submit: async ({ id }) => {
          await new Promise<void>((resolve) => (accept = resolve));
          listening.add(id);
        },
        left: ({ id }) => void listening.delete(id),
      },
    });
    connection.start();
    await settled();
    say({ content: 'hello' });
    await settled();
    connection.onClose();
    accept();
    await settled();
    expect(listening).toEqual(new Set());
  });

  it('tells what happened meanwhile also when catching up failed', async () => {
    const { connection, codes } = world();
    connection.start();
    await settled();
    const failed = connection.catchingUp('c', async () => {
      connection.deliver({
        type: 'done',
        conversation_id: 'c',
        turn_id: 't',
        seq: 1,
        status: 'completed',
        usage: null,
      });
      throw new UnavailableError('The database is away');
    });
    await expect(failed).rejects.toThrow('away');
    expect(codes()).toEqual(['ready', 'done']);
  });

  it('holds back what happens in a conversation until what came before it is out', async () => {
    const { connection, writer } = world();
    connection.start();
    await settled();
    const place = { conversation_id: 'c', turn_id: 't' } as const;
    const token = (seq: number) =>
      ({ type: 'token', ...place, seq, role: 'assistant', content: `${seq}`, offset: 0 }) as const;
    let finish: () => void = () => undefined;
    const caughtUp = connection.catchingUp('c', () => new Promise((resolve) => (finish = resolve)));
    connection.deliver(token(2));
    connection.deliver({ ...token(9), conversation_id: 'other' });
    expect(writer.sent.slice(1).map((frame) => frame['seq'])).toEqual([9]);
    finish();
    await settled();
    connection.deliver(token(3));
    await caughtUp;
    connection.deliver(token(4));
    expect(writer.sent.slice(1).map((frame) => frame['seq'])).toEqual([9, 2, 3, 4]);
  });
});

describe('a burst of frames', () => {
  const acknowledge =
    (accepted: string[]): ConnectionServices['submit'] =>
    async (connection, frame) => {
      await new Promise((resolve) => setImmediate(resolve));
      accepted.push(frame.content);
      connection.send({ type: 'ack', ref: frame.echo.ref });
    };

  it('is answered frame by frame, however many came at once', async () => {
    const accepted: string[] = [];
    const { connection, writer, say } = world({ services: { submit: acknowledge(accepted) } });
    connection.start();
    await new Promise((resolve) => setImmediate(resolve));
    for (let n = 0; n < 110; n++) say({ content: `${n}`, ref: `${n}` });
    expect([writer.paused, writer.closed]).toEqual([true, null]);
    while (accepted.length < 110) await new Promise((resolve) => setImmediate(resolve));
    expect(accepted).toEqual(Array.from({ length: 110 }, (_, n) => `${n}`));
    expect(writer.sent.filter(({ type }) => type === 'ack')).toHaveLength(110);
    expect([writer.paused, writer.pauses > 0, writer.closed]).toEqual([false, true, null]);
  });

  it('beyond what one socket may send has to wait, and pings are answered meanwhile', async () => {
    const { connection, writer, say } = world();
    connection.start();
    await new Promise((resolve) => setImmediate(resolve));
    for (let n = 0; n < 140; n++) say({ type: 'ping', ref: `${n}` });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const soon = writer.sent.filter(({ type }) => type === 'pong').length;
    expect(soon).toBeGreaterThanOrEqual(120);
    expect(soon).toBeLessThan(135);
    connection.onPing(Buffer.from('x'));
    expect([writer.pongs, writer.closed]).toEqual([1, null]);
    while (writer.sent.filter(({ type }) => type === 'pong').length < 140) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(writer.closed).toBeNull();
    connection.onClose();
  });

  it('that never ends is a flood: closed when what was read has its answer', async () => {
    const { connection, writer, say } = world();
    connection.start();
    await new Promise((resolve) => setImmediate(resolve));
    let sent = 0;
    while (writer.closed === null) {
      for (; !writer.paused && sent < 100_000; sent++) say({ type: 'ping', ref: `${sent}` });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(writer.closed).toBe(1008);
    const answered = writer.sent.slice(1, -1).map((frame) => frame['ref']);
    expect(answered).toEqual(Array.from({ length: sent }, (_, n) => `${n}`));
    expect(writer.sent.at(-1)).toMatchObject({ code: 'RATE_LIMIT', scope: 'connection' });
    expect(sent).toBeLessThan(1000);
  }, 15_000);
});
