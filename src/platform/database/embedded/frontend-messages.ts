import { StatementNames } from './statement-names.js';
import { readCString, WireProtocolError, withReplacedString } from './wire-format.js';

/**
 * Reads the client's half of the Postgres wire protocol (version 3).
 *
 *   bytes ──▶ messages ──▶ units
 *
 * A unit is what the engine is given in one go: everything up to and including the message that makes the
 * server answer (Sync, Query, Flush or FunctionCall). There is one engine session for all connections, and its
 * unnamed statement and portal are shared too: were Parse and Bind of one client let in singly, those of
 * another could come between them and the clients would receive each other's rows.
 */

const SSL_REQUEST = 80877103;
const GSS_ENCRYPTION_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;

const QUERY = 0x51; // Q
const PARSE = 0x50; // P
const BIND = 0x42; // B
const DESCRIBE = 0x44; // D
const CLOSE = 0x43; // C
const EXECUTE = 0x45; // E
const SYNC = 0x53; // S
const FLUSH = 0x48; // H
const FUNCTION_CALL = 0x46; // F
const TERMINATE = 0x58; // X
const PASSWORD = 0x70; // p
const COPY_DATA = 0x64; // d
const COPY_DONE = 0x63; // c
const COPY_FAIL = 0x66; // f
const STATEMENT = 0x53; // the 'S' of "Describe/Close statement"

/** A complete statement or parameter must fit; above this a length is taken for garbage. */
export const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;
/** Before a password was given nobody may make us hold more than this. */
const MAX_STARTUP_BYTES = 10_000;

/** Messages that belong together and are executed without another connection's in between. */
export interface Unit {
  readonly bytes: Buffer;
  /** The SQL changes session settings beyond the transaction (SET without LOCAL, RESET, DISCARD). */
  readonly altersSession: boolean;
}

export type FrontendEvent =
  | { kind: 'encryption-request' }
  | { kind: 'cancel' }
  | { kind: 'startup'; protocolMinor: number; parameters: Map<string, string> }
  | { kind: 'password'; password: string }
  | { kind: 'unit'; unit: Unit }
  | { kind: 'terminate' };

/** Turns the chunks of one connection into events. Chunks may split messages anywhere or hold many of them. */
export class FrontendReader {
  private chunks: Buffer[] = [];
  private buffered = 0;
  private needed = 0;
  private phase: 'startup' | 'password' | 'ready' = 'startup';
  private held: Buffer[] = [];
  private heldBytes = 0;
  private heldAltersSession = false;

  constructor(private readonly statements: StatementNames) {}

  /** @throws WireProtocolError when the stream cannot be understood; the connection must then be closed. */
  push(chunk: Buffer): FrontendEvent[] {
    const events: FrontendEvent[] = [];
    this.chunks.push(chunk);
    this.buffered += chunk.length;
    // A large message arrives in many chunks: joining them only once it is whole keeps the work linear.
    if (this.buffered < this.needed) return events;
    let bytes = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks, this.buffered);
    for (;;) {
      const length = this.lengthOfFirst(bytes);
      if (length === undefined || bytes.length < length) {
        this.needed = length ?? 0;
        break;
      }
      this.accept(bytes.subarray(0, length), events);
      bytes = bytes.subarray(length);
    }
    this.chunks = bytes.length > 0 ? [bytes] : [];
    this.buffered = bytes.length;
    return events;
  }

  private lengthOfFirst(bytes: Buffer): number | undefined {
    if (this.phase === 'startup') {
      if (bytes.length < 4) return undefined;
      const length = bytes.readInt32BE(0);
      if (length < 8 || length > MAX_STARTUP_BYTES) throw new WireProtocolError('invalid length of startup packet');
      return length;
    }
    if (bytes.length < 5) return undefined;
    const length = bytes.readInt32BE(1);
    const limit = this.phase === 'password' ? MAX_STARTUP_BYTES : MAX_MESSAGE_BYTES;
    if (length < 4 || length > limit) throw new WireProtocolError(`invalid message length ${length}`);
    return length + 1;
  }

  private accept(message: Buffer, events: FrontendEvent[]): void {
    if (this.phase === 'startup') return this.acceptStartup(message, events);
    const type = message[0];
    if (type === TERMINATE) {
      events.push({ kind: 'terminate' });
      return;
    }
    if (this.phase === 'password') {
      if (type !== PASSWORD) throw new WireProtocolError('expected password response');
      this.phase = 'ready';
      events.push({ kind: 'password', password: readCString(message, 5).text });
      return;
    }
    switch (type) {
      case SYNC:
      case FLUSH:
      case FUNCTION_CALL:
        this.hold(message);
        this.release(events);
        return;
      case QUERY:
        this.hold(this.examineSql(message, 5));
        this.release(events);
        return;
      case PARSE: {
        const named = this.statements.rename(message, 5);
        this.hold(this.examineSql(named, readCString(named, 5).next));
        return;
      }
      case BIND:
        this.hold(this.statements.rename(message, readCString(message, 5).next));
        return;
      case DESCRIBE:
        this.hold(message[5] === STATEMENT ? this.statements.rename(message, 6) : message);
        return;
      case CLOSE:
        this.hold(message[5] === STATEMENT ? this.statements.rename(message, 6, 'forget') : message);
        return;
      case EXECUTE:
        this.hold(message);
        return;
      case COPY_DATA:
      case COPY_DONE:
      case COPY_FAIL:
        // No COPY from the client is ever begun (see examineSql); Postgres ignores these outside of one as well.
        return;
      default:
        throw new WireProtocolError(`invalid frontend message type ${type}`);
    }
  }

  private acceptStartup(message: Buffer, events: FrontendEvent[]): void {
    const code = message.readInt32BE(4);
    if (code === SSL_REQUEST || code === GSS_ENCRYPTION_REQUEST) {
      events.push({ kind: 'encryption-request' });
      return;
    }
    if (code === CANCEL_REQUEST) {
      events.push({ kind: 'cancel' });
      return;
    }
    if (code >>> 16 !== 3) throw new WireProtocolError(`unsupported frontend protocol ${code >>> 16}.${code & 0xffff}`);
    const parameters = new Map<string, string>();
    let at = 8;
    while (at < message.length && message[at] !== 0) {
      const name = readCString(message, at);
      const value = readCString(message, name.next);
      parameters.set(name.text, value.text);
      at = value.next;
    }
    this.phase = 'password';
    events.push({ kind: 'startup', protocolMinor: code & 0xffff, parameters });
  }

  private hold(message: Buffer): void {
    this.held.push(message);
    this.heldBytes += message.length;
    if (this.heldBytes > MAX_MESSAGE_BYTES) throw new WireProtocolError('too much data before Sync');
  }

  private release(events: FrontendEvent[]): void {
    const bytes = this.held.length === 1 ? this.held[0]! : Buffer.concat(this.held, this.heldBytes);
    events.push({ kind: 'unit', unit: { bytes, altersSession: this.heldAltersSession } });
    this.held = [];
    this.heldBytes = 0;
    this.heldAltersSession = false;
  }

  /** Notes what the SQL beginning at `offset` does, and replaces a COPY … FROM STDIN, which would end the engine. */
  private examineSql(message: Buffer, offset: number): Buffer {
    const end = message.indexOf(0, offset);
    if (end < 0) throw new WireProtocolError('invalid string in message');
    const sql = message.toString('latin1', offset, end);
    if (altersSession(sql)) this.heldAltersSession = true;
    if (!copiesFromClient(sql)) return message;
    return withReplacedString(message, offset, end, REFUSE_COPY);
  }
}

const REFUSE_COPY = `DO $$BEGIN RAISE EXCEPTION 'COPY FROM STDIN is not supported by the embedded database; use INSERT, or set DATABASE_URL' USING ERRCODE = '0A000'; END$$`;

const BETWEEN_STATEMENTS = String.raw`(?:^|;)(?:\s|--[^\n]*\n|/\*[^*]*\*/)*`;
const SESSION_STATEMENT = new RegExp(
  `${BETWEEN_STATEMENTS}(?:set\\s+(?!local\\b|transaction\\b|constraints\\b)|reset\\b|discard\\b)`,
  'i',
);
const SESSION_FUNCTION = /\bset_config\s*\((?![^)]*,\s*true\s*\))/i;
const COPY_STATEMENT = new RegExp(`${BETWEEN_STATEMENTS}copy\\b`, 'i');

/**
 * Whether the SQL may change settings of the session that outlive its transaction. Errs on the side of "yes",
 * which costs a snapshot of the settings when the turn passes on.
 */
export function altersSession(sql: string): boolean {
  return SESSION_STATEMENT.test(sql) || SESSION_FUNCTION.test(sql);
}

function copiesFromClient(sql: string): boolean {
  return /\bfrom\s+stdin\b/i.test(sql) && COPY_STATEMENT.test(sql);
}
