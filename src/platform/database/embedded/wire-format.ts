/** The pieces of the Postgres wire protocol that reading and answering share. */

/** The bytes are not the Postgres protocol; the connection cannot be continued. */
export class WireProtocolError extends Error {}

/** The zero-terminated string at `offset`, and where what follows it begins. */
export function readCString(message: Buffer, offset: number): { text: string; next: number } {
  const end = message.indexOf(0, offset);
  if (end < 0) throw new WireProtocolError('invalid string in message');
  return { text: message.toString('utf8', offset, end), next: end + 1 };
}

/** A copy of a message whose zero-terminated string at [start, end) is another one; the length is adjusted. */
export function withReplacedString(message: Buffer, start: number, end: number, text: string): Buffer {
  const changed = Buffer.concat([message.subarray(0, start), Buffer.from(text, 'utf8'), message.subarray(end)]);
  changed.writeInt32BE(changed.length - 1, 1);
  return changed;
}

/** A typed message: one letter, the length, the parts. */
export function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

export function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf8');
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value, 0);
  return bytes;
}

export function queryMessage(sql: string): Buffer {
  return message('Q', cString(sql));
}

export const SYNC_MESSAGE = message('S');
export const AUTHENTICATION_OK = message('R', int32(0));
export const AUTHENTICATION_CLEARTEXT = message('R', int32(3));
export const READY_IDLE = message('Z', Buffer.from('I'));

/** Severity FATAL: the connection ends with it. */
export function fatalError(sqlState: string, text: string): Buffer {
  const fields = [`SFATAL`, `VFATAL`, `C${sqlState}`, `M${text}`].map(cString);
  return message('E', ...fields, Buffer.from([0]));
}

export interface BackendMessage {
  readonly type: string;
  /** Without type and length. */
  readonly body: Buffer;
}

/** Splits whole messages of the server. For the few answers that are looked into, not for those passed on. */
export function readBackendMessages(bytes: Buffer): BackendMessage[] {
  const messages: BackendMessage[] = [];
  for (let at = 0; at + 5 <= bytes.length;) {
    const end = at + 1 + bytes.readInt32BE(at + 1);
    messages.push({ type: String.fromCharCode(bytes[at]!), body: bytes.subarray(at + 5, end) });
    at = end;
  }
  return messages;
}

/** The text columns of a DataRow. */
export function readDataRow(body: Buffer): (string | null)[] {
  const columns: (string | null)[] = [];
  let at = 2;
  for (let left = body.readInt16BE(0); left > 0; left--) {
    const length = body.readInt32BE(at);
    at += 4;
    columns.push(length < 0 ? null : body.toString('utf8', at, at + length));
    at += Math.max(length, 0);
  }
  return columns;
}

/** Fields of an ErrorResponse by their letter: C is the SQLSTATE, M the message. */
export function readErrorFields(body: Buffer): Map<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at < body.length && body[at] !== 0;) {
    const { text, next } = readCString(body, at);
    fields.set(text.charAt(0), text.slice(1));
    at = next;
  }
  return fields;
}

/** `I` idle, `T` in a transaction, `E` in a failed one; undefined when the answer does not end with ReadyForQuery. */
export function trailingStatus(answer: Buffer): 'I' | 'T' | 'E' | undefined {
  const at = answer.length - 6;
  if (at < 0 || answer[at] !== 0x5a || answer.readInt32BE(at + 1) !== 5) return undefined;
  const status = String.fromCharCode(answer[at + 5]!);
  return status === 'I' || status === 'T' || status === 'E' ? status : undefined;
}
