import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

/** A mail server that takes every letter, or refuses each with 550. */
export class SmtpStandin {
  readonly received: ReceivedMail[] = [];
  refuse = false;

  private constructor(
    private readonly server: Server,
    private readonly sockets: Set<Socket>,
  ) {}

  static async start(): Promise<SmtpStandin> {
    const sockets = new Set<Socket>();
    const server = createServer();
    const standin = new SmtpStandin(server, sockets);
    server.on('connection', (socket) => {
      sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => undefined));
      standin.serve(socket);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return standin;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The letter with this number (from 0), once it is there. */
  async letter(number: number, withinMs = 5000): Promise<ReceivedMail> {
    for (const end = Date.now() + withinMs; Date.now() < end; await sleep(10)) {
      const mail = this.received[number];
      if (mail !== undefined) return mail;
    }
    throw new Error(`letter ${number} did not come; ${this.received.length} did`);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(socket: Socket): void {
    let buffer = '';
    let data: string | null = null;
    let from = '';
    let to: string[] = [];
    const say = (line: string) => socket.write(`${line}\r\n`);
    say('220 standin');
    socket.on('data', (chunk) => {
      buffer += chunk.toString('utf8');
      for (let at = buffer.indexOf('\r\n'); at >= 0; at = buffer.indexOf('\r\n')) {
        const line = buffer.slice(0, at);
        buffer = buffer.slice(at + 2);
        if (data !== null) {
          if (line !== '.') {
            data += `${line.replace(/^\.\./, '.')}\r\n`;
            continue;
          }
          this.received.push({ from, to, ...read(data) });
          data = null;
          to = [];
          say('250 taken');
        } else if (/^(EHLO|HELO)/i.test(line)) say('250 standin');
        else if (/^MAIL FROM/i.test(line)) {
          from = /<([^>]*)>/.exec(line)?.[1] ?? '';
          say(this.refuse ? '550 no' : '250 ok');
        } else if (/^RCPT TO/i.test(line)) {
          to.push(/<([^>]*)>/.exec(line)?.[1] ?? '');
          say('250 ok');
        } else if (/^DATA/i.test(line)) {
          data = '';
          say('354 go on');
        } else if (/^QUIT/i.test(line)) {
          say('221 bye');
          socket.end();
        } else say('250 ok');
      }
    });
  }
}

function read(data: string): { subject: string; text: string } {
  const [head = '', ...body] = data.split('\r\n\r\n');
  const raw = body.join('\r\n\r\n');
  const quoted = /^content-transfer-encoding: quoted-printable/im.test(head);
  const text = quoted
    ? Buffer.from(
        raw
          .replace(/=\r\n/g, '')
          .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
        'latin1',
      ).toString('utf8')
    : raw;
  return { subject: /^subject: (.*)$/im.exec(head)?.[1] ?? '', text };
}
