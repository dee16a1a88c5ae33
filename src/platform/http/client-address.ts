import type { IncomingHttpHeaders } from 'node:http';
import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { isLoopbackHost } from './origins.js';

/**
 * What limits count by. An IPv6 customer has a whole /64 to send from, so its addresses are one; `::ffff:1.2.3.4` is
 * `1.2.3.4`. The address itself is the socket's, or a trusted proxy's word (TRUST_PROXY).
 */
export function limitedAddress(address: string | undefined): string {
  if (address === undefined) return '';
  const bare = withoutPort(address);
  if (!isIPv6(bare)) return bare;
  const parsed = ipaddr.IPv6.parse(bare);
  if (parsed.isIPv4MappedAddress()) return parsed.toIPv4Address().toString();
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}

/** Some proxies name the port as well: `10.0.0.1:4711`, `[2001:db8::1]:4711`. It changes with every connection. */
function withoutPort(address: string): string {
  const [, v6, v4] = /^(?:\[([0-9a-f:.]+)\](?::\d+)?|(\d+(?:\.\d+){3}):\d+)$/i.exec(address) ?? [];
  return v6 ?? v4 ?? address;
}

/** What proxies add; a program on this machine has no reason to. */
const FORWARDED = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'];

/**
 * Whether a program on this machine calls, and not somebody elsewhere through a proxy here: the socket's own address is
 * loopback, it was called by a loopback name, and nobody forwarded it. Nothing that a caller sends can make it true. A proxy
 * on this machine that adds no header and replaces `Host` cannot be told from a local caller (README, "Figures and health").
 */
export function isCallFromThisMachine(request: {
  readonly socket: { readonly remoteAddress?: string };
  readonly headers: IncomingHttpHeaders;
}): boolean {
  const { headers, socket } = request;
  if (socket.remoteAddress === undefined || !ipaddr.isValid(socket.remoteAddress)) return false;
  if (ipaddr.process(socket.remoteAddress).range() !== 'loopback') return false;
  return isLoopbackHost(headers.host) && FORWARDED.every((name) => headers[name] === undefined);
}
