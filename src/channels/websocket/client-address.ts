import type { IncomingMessage } from 'node:http';
import type { TrustProxy } from '#platform/http';

/** The peer's address as Express would say it: behind trusted proxies the last one that none of them vouches for. */
export function clientAddress(request: IncomingMessage, trust: TrustProxy): string {
  const peer = request.socket.remoteAddress ?? '';
  const forwarded = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .reverse();
  let address = peer;
  for (const [hop, next] of forwarded.entries()) {
    if (!trust(address, hop)) break;
    address = next;
  }
  return address;
}
