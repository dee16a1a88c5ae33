import dgram from 'node:dgram';
import dns from 'node:dns';
import net from 'node:net';

/** Takes the network away from this process: whatever a parser would load fails at once. For the parser's child only. */
export function closeNetwork(): void {
  const refuse = (): never => {
    throw new Error('A document parser has no network');
  };
  for (const name of ['fetch', 'WebSocket', 'XMLHttpRequest', 'EventSource']) {
    Object.defineProperty(globalThis, name, { value: refuse, configurable: false, writable: false });
  }
  net.Socket.prototype.connect = refuse;
  net.Server.prototype.listen = refuse;
  dgram.Socket.prototype.bind = refuse;
  dgram.Socket.prototype.send = refuse;
  dns.lookup = Object.assign(refuse, dns.lookup);
  dns.promises.lookup = refuse;
}
