import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { question } from './provider.js';
import { eventually } from './waiting.js';
import { onCluster } from './world.js';

/** 14 MB of answers within seconds; one alone would meet the bound on an answer's length. */
const ANSWERS = 40;
const PIECES = 44;
const PIECE = ` ${'x'.repeat(8191)}`;
/** What a slow reader takes: a quarter of a megabyte a second. */
const SIP_BYTES = 64 * 1024;
const SIP_EVERY_MS = 250;

describe('a reader that reads too slowly', () => {
  it('is closed with 1013; the turn and everybody else go on', () =>
    onCluster({ servers: 1 }, async (world) => {
      const { a } = world.cluster;
      // Answers of 350 kB are not what a tenant allows unless he says so.
      const token = await world.cluster.adminKey();
      const allowed = await a.api('/api/admin/settings', {
        method: 'PATCH',
        body: { llm: { max_tokens: 8000 } },
        token,
      });
      expect(allowed.status).toBe(200);
      world.provider.standIn.script({
        match: (call) => call.nonce?.startsWith('flood') === true && !JSON.stringify(call.body).includes('Question:'),
        pieces: Array.from({ length: PIECES }, () => PIECE),
        tokenDelayMs: 20,
      });
      const conversations = await Promise.all(Array.from({ length: ANSWERS }, () => world.conversation()));
      const slow = new SlowReader(a.url, await world.person.token());
      await slow.resume(conversations);
      const writer = await world.socket('writer', a);
      const other = await world.socket('other', a);
      const before = residentMb(a.pid);
      const floods = conversations.map((conversation_id, n) =>
        writer.say(`a flood please: nonce:flood-${n}`, { conversation_id }),
      );
      const quick = await other.acked(other.say(question('quickly', 'meanwhile')));
      await other.done(quick.turn_id, 10_000);
      for (const flood of floods) {
        const { turn_id } = await writer.acked(flood);
        const { dones, text } = await writer.done(turn_id, 40_000);
        expect([dones[0]?.frame['status'], text.length]).toEqual(['completed', PIECES * PIECE.length]);
      }
      // The close frame lies behind what was on its way.
      slow.gulp();
      await eventually(() => slow.closedWith, 'the slow reader to be closed', 20_000);
      expect(slow.closedWith).toBe(1013);
      expect(residentMb(a.pid) - before).toBeLessThan(400);
    }));
});

/** A socket by hand, since only so can it be read in sips. */
class SlowReader {
  closedWith: number | null = null;
  private readonly socket: Socket;
  private timer: NodeJS.Timeout;
  private tail = Buffer.alloc(0);

  constructor(url: string, token: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect({ host: hostname, port: Number(port) });
    this.socket.on('error', () => undefined);
    const key = randomBytes(16).toString('base64');
    this.socket.write(
      `GET /ws/chat HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    this.timer = setInterval(() => this.sip(), 1);
    // 1006 stands for a connection that ended without a word, as browsers have it.
    this.socket.on('close', () => {
      clearInterval(this.timer);
      this.closedWith ??= 1006;
    });
    // Whoever listens to it decides when to read.
    this.socket.on('readable', () => undefined);
    this.socket.on('end', () => this.socket.end());
  }

  async resume(conversationIds: string[]): Promise<void> {
    await eventually(() => this.tail.includes('"ready"'), 'the slow reader to be connected');
    for (const conversation_id of conversationIds) {
      this.tail = Buffer.alloc(0);
      this.socket.write(textFrame(JSON.stringify({ type: 'resume', conversation_id, after_seq: 0 })));
      await eventually(() => this.tail.includes('context_restored'), 'the slow reader to be subscribed');
    }
    this.every(SIP_EVERY_MS);
  }

  /** From now on as fast as it can. */
  gulp(): void {
    this.every(1);
  }

  private every(ms: number): void {
    clearInterval(this.timer);
    // One that is closed already would be asked for ever.
    if (!this.socket.destroyed) this.timer = setInterval(() => this.sip(), ms);
  }

  private sip(): void {
    const size = Math.min(SIP_BYTES, this.socket.readableLength);
    const bytes = (size === 0 ? this.socket.read() : this.socket.read(size)) as Buffer | null;
    if (bytes === null) return;
    this.tail = Buffer.concat([this.tail.subarray(-500), bytes]);
    // A close frame is the last thing that is sent: its head, its length, its code.
    const at = this.tail.subarray(-130).lastIndexOf(0x88);
    const last = this.tail.subarray(-130);
    if (at >= 0 && last.length >= at + 4 && last.length === at + 2 + (last[at + 1] ?? 0))
      this.closedWith = last.readUInt16BE(at + 2);
    if (this.closedWith !== null) this.socket.destroy();
  }
}

/** Masked, as a client's frames must be. */
function textFrame(text: string): Buffer {
  const body = Buffer.from(text);
  const head = body.length < 126 ? [0x81, 0x80 | body.length] : [0x81, 0xfe, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), body]);
}

function residentMb(pid: number): number {
  const [, pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return (Number(pages) * 4096) / 2 ** 20;
}
