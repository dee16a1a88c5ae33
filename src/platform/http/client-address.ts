import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * What limits count by. An IPv6 customer has a whole /64 to send from, so its addresses are one; `::ffff:1.2.3.4` is
 * `1.2.3.4`. The address itself is the socket's, or a trusted proxy's word (TRUST_PROXY).
 */
export function limitedAddress(address: string | undefined): string {
  if (address === undefined || !isIPv6(address)) return address ?? '';
  const parsed = ipaddr.IPv6.parse(address);
  if (parsed.isIPv4MappedAddress()) return parsed.toIPv4Address().toString();
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}
