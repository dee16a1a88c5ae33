import { type SubmitInput } from '#conversations';
import { UnauthorizedError } from '#platform/errors';
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
  terminated = false;
  onEnd: () => void = () => undefined;
  get open(): boolean {
    return this.closed === null && !this.terminated;
  }
  send(text: string): void {
    if (this.open) this.sent.push(JSON.parse(text) as Sent);
  }
  close(code: number): void {
    this.closed ??= code;
    this.ended();
  }
  ended(): void {
    this.onEnd();
    this.onEnd = () => undefined;
  }
  ping(): void {
    this.pings++;
  }
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
    defaults: async () => ({ stream: true, final: true, format: 'markdown' }),
    restore: async () => undefined,
    submit: async () => undefined,
    abort: async () => undefined,
    resume: async () => undefined,
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

  it('pings after each period and is dropped by the tick after the second unanswered one', () => {
    const { connection, writer } = world();
    const period = 30_000;
    const start = Date.now();
    connection.tick(start + period - 1);
    expect(writer.pings).toBe(0);
    connection.tick(start + period);
    connection.onPong();
    connection.tick(start + 2 * period);
    connection.tick(start + 3 * period);
    expect([writer.pings, writer.terminated]).toEqual([3, false]);
    connection.tick(start + 4 * period);
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

  it('is closed when more waits than it may hold', async () => {
    const { connection, writer, say } = world({ services: { submit: () => new Promise(() => undefined) } });
    connection.start();
    await settled();
    for (let n = 0; n < 110; n++) say({ content: 'x' });
    expect(writer.closed).toBe(1008);
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
