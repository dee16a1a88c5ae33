import { connect, createServer } from 'node:net';

const OURS_NOT = /^\s*(BEGIN|START TRANSACTION|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|SET|RESET)\b/i;

/**
 * Stands between a program and Postgres, and counts what crosses: statements (without those of the transaction itself) and
 * round trips (a group of client messages that the server then answers).
 */
export class PostgresCounter {
  static async start(databaseUrl) {
    const counter = new PostgresCounter(new URL(databaseUrl));
    await new Promise((resolve) => counter.server.listen(0, '127.0.0.1', resolve));
    return counter;
  }

  constructor(target) {
    this.target = target;
    this.statements = 0;
    this.roundTrips = 0;
    /** Text → how often, of what was counted. */
    this.texts = new Map();
    this.sockets = new Set();
    this.server = createServer((client) => this.serve(client));
  }

  get url() {
    const url = new URL(this.target.href);
    url.hostname = '127.0.0.1';
    url.port = String(this.server.address().port);
    return url.href;
  }

  reset() {
    this.statements = 0;
    this.roundTrips = 0;
    this.texts.clear();
  }

  async stop() {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  serve(client) {
    const server = connect(Number(this.target.port || 5432), this.target.hostname.replace(/^\[|\]$/g, ''));
    const reader = new FrontendReader((text) => this.count(text));
    let asked = false;
    client.on('data', (data) => {
      if (!asked) this.roundTrips++;
      asked = true;
      reader.push(data);
      server.write(data);
    });
    server.on('data', (data) => {
      asked = false;
      client.write(data);
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
  }

  count(text) {
    // A simple query may hold several statements.
    for (const part of text.includes('$$') ? [text] : text.split(';')) {
      if (part.trim() === '' || OURS_NOT.test(part)) continue;
      this.statements++;
      const key = part.trim().replace(/\s+/g, ' ').slice(0, 100);
      this.texts.set(key, (this.texts.get(key) ?? 0) + 1);
    }
  }
}

/** Reads the client's half of the protocol far enough to know which statement an Execute runs. */
class FrontendReader {
  constructor(onStatement) {
    this.onStatement = onStatement;
    this.rest = Buffer.alloc(0);
    this.started = false;
    this.prepared = new Map();
    this.portals = new Map();
  }

  push(data) {
    let buffer = this.rest.length === 0 ? data : Buffer.concat([this.rest, data]);
    for (;;) {
      const head = this.started ? 1 : 0;
      if (buffer.length < head + 4) break;
      const length = head + buffer.readInt32BE(head);
      if (buffer.length < length) break;
      if (this.started) this.message(String.fromCharCode(buffer[0]), buffer.subarray(5, length));
      // SSLRequest and GSSENCRequest come before the startup message.
      else this.started = ![80877103, 80877104].includes(buffer.readInt32BE(4));
      buffer = buffer.subarray(length);
    }
    this.rest = buffer;
  }

  message(type, body) {
    const strings = body.toString('utf8').split('\0');
    if (type === 'Q') this.onStatement(strings[0]);
    else if (type === 'P') this.prepared.set(strings[0], strings[1]);
    else if (type === 'B') this.portals.set(strings[0], strings[1]);
    else if (type === 'E') this.onStatement(this.prepared.get(this.portals.get(strings[0])) ?? '(unknown)');
  }
}
