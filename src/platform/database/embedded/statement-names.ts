import { cString, message, readCString, SYNC_MESSAGE, withReplacedString } from './wire-format.js';

const CLOSE_STATEMENT = Buffer.from('S');

/**
 * Gives a connection's prepared statements names of their own: all connections share one session, where two
 * statements of the same name would clash (42P05). Statements made with SQL's PREPARE are not covered.
 */
export class StatementNames {
  private readonly names = new Map<string, string>();
  private next = 1;

  constructor(private readonly connectionId: number) {}

  /** The message with the statement name at `offset` replaced. The unnamed statement stays as it is. */
  rename(message: Buffer, offset: number, then: 'keep' | 'forget' = 'keep'): Buffer {
    if (message[offset] === 0) return message;
    const { text, next } = readCString(message, offset);
    let name = this.names.get(text);
    if (name === undefined) {
      name = `c${this.connectionId}_${this.next++}`;
      this.names.set(text, name);
    }
    if (then === 'forget') this.names.delete(text);
    return withReplacedString(message, offset, next - 1, name);
  }

  /** What drops the connection's statements from the session, or undefined when it has none. */
  closeAll(): Buffer | undefined {
    if (this.names.size === 0) return undefined;
    const closes = [...this.names.values()].map((name) => message('C', CLOSE_STATEMENT, cString(name)));
    this.names.clear();
    return Buffer.concat([...closes, SYNC_MESSAGE]);
  }
}
