import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';
import { question } from './provider.js';
import { eventually } from './waiting.js';
import { onCluster } from './world.js';

/** 24 MB of answer. */
const PIECES = 3000;
const PIECE = ` ${'x'.repeat(8191)}`;

describe('a reader that stops reading', () => {
  it('is closed with 1013; the turn and everybody else go on', () =>
    onCluster({ servers: 1 }, async (world) => {
      const { a } = world.cluster;
      world.provider.standIn.script({
        match: { stream: true, nonce: 'flood' },
        pieces: Array.from({ length: PIECES }, () => PIECE),
        tokenDelayMs: 1,
      });
      const conversation_id = await world.conversation();
      const token = await world.person.token();
      const slow = new WebSocket(`${a.url.replace('http', 'ws')}/ws/chat`, {
        headers: { authorization: `Bearer ${token}` },
      });
      let code = 0;
      slow.on('close', (closed) => (code = closed));
      slow.on('open', () => {
        slow.send(JSON.stringify({ type: 'resume', conversation_id, after_seq: 0 }));
        setTimeout(() => slow.pause(), 300);
      });
      await eventually(() => slow.isPaused, 'the slow reader');
      const writer = await world.socket('writer', a);
      const before = residentMb(a.pid);
      const { turn_id } = await writer.acked(writer.say(question('brokenly', 'flood'), { conversation_id }));
      const other = await world.socket('other', a);
      const quick = await other.acked(other.say(question('quickly', 'meanwhile')));
      await other.done(quick.turn_id, 10_000);
      await writer.done(turn_id, 40_000);
      expect(residentMb(a.pid) - before).toBeLessThan(300);
      slow.resume();
      await eventually(() => code !== 0, 'the slow reader to be closed', 20_000);
      expect(code).toBe(1013);
    }));
});

function residentMb(pid: number): number {
  const [, pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return (Number(pages) * 4096) / 2 ** 20;
}
