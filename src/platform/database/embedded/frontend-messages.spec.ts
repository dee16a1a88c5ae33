import { altersSession, FrontendReader, MAX_MESSAGE_BYTES, type FrontendEvent } from './frontend-messages.js';
import { StatementNames } from './statement-names.js';
import { cString, int32, message, queryMessage, SYNC_MESSAGE, WireProtocolError } from './wire-format.js';

const startup = (code: number, ...parameters: string[]): Buffer => {
  const body = Buffer.concat([int32(code), ...parameters.map(cString), Buffer.from([0])]);
  return Buffer.concat([int32(body.length + 4), body]);
};
const PASSWORD = message('p', cString('secret'));
const FLUSH = message('H');
const parse = (name: string, sql: string): Buffer => message('P', cString(name), cString(sql), Buffer.from([0, 0]));
const bind = (statement: string, value: Buffer): Buffer =>
  message(
    'B',
    cString(''),
    cString(statement),
    Buffer.from([0, 0, 0, 1]),
    int32(value.length),
    value,
    Buffer.from([0, 0]),
  );
const EXECUTE = message('E', cString(''), int32(0));

function readyReader(id = 1): FrontendReader {
  const reader = new FrontendReader(new StatementNames(id));
  reader.push(startup(196608, 'user', 'postgres'));
  reader.push(PASSWORD);
  return reader;
}

function units(events: FrontendEvent[]): Buffer[] {
  return events.map((event) => {
    if (event.kind !== 'unit') throw new Error(`unexpected ${event.kind}`);
    return event.unit.bytes;
  });
}

describe('FrontendReader', () => {
  it('reads the handshake: encryption request, startup packet, password', () => {
    const reader = new FrontendReader(new StatementNames(1));
    const encryption = Buffer.concat([int32(8), int32(80877103)]);
    const events = reader.push(
      Buffer.concat([encryption, startup(196610, 'user', 'me', 'options', '-c role=x'), PASSWORD]),
    );
    expect(events).toEqual([
      { kind: 'encryption-request' },
      {
        kind: 'startup',
        protocolMinor: 2,
        parameters: new Map([
          ['user', 'me'],
          ['options', '-c role=x'],
        ]),
      },
      { kind: 'password', password: 'secret' },
    ]);
  });

  it('recognises a cancel request', () => {
    const cancel = Buffer.concat([int32(16), int32(80877102), int32(1), int32(2)]);
    expect(new FrontendReader(new StatementNames(1)).push(cancel)).toEqual([{ kind: 'cancel' }]);
  });

  it('holds an extended query until its Sync', () => {
    const reader = readyReader();
    const messages = [parse('', 'SELECT $1'), bind('', Buffer.from('5')), EXECUTE];
    for (const part of messages) expect(reader.push(part)).toEqual([]);
    expect(units(reader.push(SYNC_MESSAGE))).toEqual([Buffer.concat([...messages, SYNC_MESSAGE])]);
  });

  it('ends a unit at each message that makes the server answer', () => {
    const pieces = [
      queryMessage('BEGIN'),
      [parse('', 'SELECT 1'), FLUSH],
      [EXECUTE, SYNC_MESSAGE],
      queryMessage('COMMIT'),
    ].map((part) => (Array.isArray(part) ? Buffer.concat(part) : part));
    expect(units(readyReader().push(Buffer.concat(pieces)))).toEqual(pieces);
  });

  it('gives the same units wherever the bytes are cut', () => {
    const stream = Buffer.concat([
      queryMessage('BEGIN'),
      parse('', 'SELECT $1::text'),
      bind('', Buffer.from('a'.repeat(50))),
      EXECUTE,
      SYNC_MESSAGE,
      queryMessage('COMMIT'),
    ]);
    const whole = units(readyReader().push(stream));
    expect(whole).toHaveLength(3);
    for (let size = 1; size < stream.length; size++) {
      const reader = readyReader();
      const events: FrontendEvent[] = [];
      for (let at = 0; at < stream.length; at += size) events.push(...reader.push(stream.subarray(at, at + size)));
      expect(units(events)).toEqual(whole);
    }
  });

  it('does work in proportion to the size of a parameter that arrives in many chunks', () => {
    const reader = readyReader();
    const bytes = bind('', Buffer.alloc(64 * 1024 * 1024, 120));
    const began = performance.now();
    for (let at = 0; at < bytes.length; at += 16_384)
      expect(reader.push(bytes.subarray(at, at + 16_384))).toHaveLength(0);
    expect(units(reader.push(SYNC_MESSAGE))[0]!.length).toBe(bytes.length + SYNC_MESSAGE.length);
    // Joining the chunks anew for each would copy 128 GB.
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('gives prepared statements names that no other connection has', () => {
    const send = (id: number): string => {
      const describe_ = message('D', Buffer.from('S'), cString('mine'));
      const close = message('C', Buffer.from('S'), cString('mine'));
      const bytes = [
        parse('mine', 'SELECT 1'),
        bind('mine', Buffer.alloc(0)),
        describe_,
        close,
        parse('mine', 'SELECT 2'),
        SYNC_MESSAGE,
      ];
      return units(readyReader(id).push(Buffer.concat(bytes)))[0]!.toString('latin1');
    };
    const [first, second] = [send(1), send(2)];
    expect(first).not.toContain('mine');
    expect(first.match(/c1_\d+/g)).toEqual(['c1_1', 'c1_1', 'c1_1', 'c1_1', 'c1_2']);
    expect(second.match(/c2_\d+/g)).toEqual(['c2_1', 'c2_1', 'c2_1', 'c2_1', 'c2_2']);
  });

  it('leaves portals and the unnamed statement alone', () => {
    const bytes = Buffer.concat([
      parse('', 'SELECT 1'),
      message('D', Buffer.from('P'), cString('portal')),
      message('C', Buffer.from('P'), cString('portal')),
      SYNC_MESSAGE,
    ]);
    expect(units(readyReader().push(bytes))).toEqual([bytes]);
  });

  it('replaces a COPY from the client, in both protocols', () => {
    for (const bytes of [
      queryMessage('COPY t FROM STDIN'),
      queryMessage('BEGIN; copy t (a) from stdin with csv'),
      Buffer.concat([parse('', 'COPY t FROM STDIN'), SYNC_MESSAGE]),
    ]) {
      const [unit] = units(readyReader().push(bytes));
      expect(unit!.toString()).toContain('COPY FROM STDIN is not supported');
      expect(unit!.readInt32BE(1) + 1).toBe(unit!.length - (bytes[0] === 0x50 ? SYNC_MESSAGE.length : 0));
    }
    const harmless = queryMessage("INSERT INTO t VALUES ('copy this from stdin')");
    expect(units(readyReader().push(harmless))).toEqual([harmless]);
  });

  it('passes Terminate on in its place', () => {
    const events = readyReader().push(Buffer.concat([queryMessage('COMMIT'), message('X')]));
    expect(events.map(({ kind }) => kind)).toEqual(['unit', 'terminate']);
  });

  it('refuses what is not the protocol', () => {
    const http = Buffer.from('GET / HTTP/1.1\r\n\r\n');
    expect(() => new FrontendReader(new StatementNames(1)).push(http)).toThrow(WireProtocolError);
    expect(() => new FrontendReader(new StatementNames(1)).push(startup(2 << 16))).toThrow(
      'unsupported frontend protocol 2.0',
    );
    expect(() => readyReader().push(message('?'))).toThrow(WireProtocolError);
    expect(() => readyReader().push(Buffer.concat([Buffer.from('Q'), int32(MAX_MESSAGE_BYTES + 1)]))).toThrow(
      WireProtocolError,
    );
  });

  it('wants the password before anything else, and keeps little until it has it', () => {
    const reader = (): FrontendReader => {
      const fresh = new FrontendReader(new StatementNames(1));
      fresh.push(startup(196608, 'user', 'postgres'));
      return fresh;
    };
    expect(() => reader().push(queryMessage('SELECT 1'))).toThrow('expected password response');
    expect(() => reader().push(Buffer.concat([Buffer.from('p'), int32(1_000_000)]))).toThrow('invalid message length');
  });
});

describe('altersSession', () => {
  it.each([
    'SET ROLE x',
    ' /* first */ set search_path = a',
    '-- a comment\nSET ROLE x',
    'SELECT 1; RESET ROLE',
    'DISCARD ALL',
    'SET SESSION AUTHORIZATION x',
    "SELECT set_config('app.tenant_id', $1, false)",
    "SELECT set_config('a', '1', true), set_config('b', '1', false)",
  ])('is true for %s', (sql) => expect(altersSession(sql)).toBe(true));

  it.each([
    'SET LOCAL ROLE x',
    "BEGIN; SET LOCAL ROLE x; SET LOCAL app.tenant_id = 'y'",
    'SET TRANSACTION READ ONLY',
    'UPDATE t SET role = $1',
    'INSERT INTO t VALUES (1) ON CONFLICT DO UPDATE\nSET a = 1',
    "SELECT set_config('app.tenant_id', $1, true)",
    'SELECT reset FROM t',
  ])('is false for %s', (sql) => expect(altersSession(sql)).toBe(false));
});
