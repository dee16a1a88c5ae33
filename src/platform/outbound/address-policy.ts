import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

/** `host:port` as the WHATWG URL parser writes the host, so that every spelling of an address compares equal. */
export type HostPort = string;

/** The port a URL means. @returns 0 for a port that is not valid */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/** The host without brackets and without the dot that makes a name absolute. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

export function hostPortOf(url: URL): HostPort {
  const host = hostOf(url);
  return `${host.includes(':') ? `[${host}]` : host}:${portOf(url)}`;
}

/**
 * Reads an allow-list entry (`api.internal:8080`, `[::1]:9000`).
 * @throws Error naming the entry when it is not `host:port`
 */
export function parseHostPort(entry: string): HostPort {
  const match = /^(?<host>\[[^\]]+\]|[^\s/@:?#]+):(?<port>\d{1,5})$/.exec(entry.trim());
  const { host, port } = match?.groups ?? {};
  const text = `http://${host}:${port}`;
  if (host === undefined || port === undefined || Number(port) < 1 || !URL.canParse(text)) {
    throw new Error(`"${entry}" is not a host:port entry (for example api.internal:8080 or [fd00::1]:8080)`);
  }
  return hostPortOf(new URL(text));
}

/**
 * True when an address is on the public internet. Fails closed: IPv6 outside 2000::/3 (where IPv4-compatible, local and
 * unassigned space lives), tunnels that hide another address (6to4, Teredo) and everything with a special purpose is
 * refused. IPv4-mapped and NAT64 addresses are judged by the IPv4 address they carry.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text) || text.includes('%')) return false;
  const address = ipaddr.parse(text);
  if (address.kind() === 'ipv4') return isPublicIpv4(address.toString());
  const bytes = address.toByteArray();
  if (startsWith(bytes, MAPPED) || startsWith(bytes, NAT64)) return isPublicIpv4(bytes.slice(12).join('.'));
  return ((bytes[0] ?? 0) & 0xe0) === 0x20 && address.range() === 'unicast';
}

/** True for an address of this machine: what reaches the server's own ports. */
export function isOwnAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  const range = address.range();
  if (range === 'loopback' || range === 'unspecified') return true;
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return own.some((item) => ipaddr.process(item.address).toNormalizedString() === address.toNormalizedString());
}

/** True for an IP address as WHATWG URLs write it, without brackets. */
export function isAddress(host: string): boolean {
  return ipaddr.isValid(host) && !host.includes('%');
}

/** Names that only mean something inside a network, or on this machine. Names are not proof: their addresses are checked too. */
export function isPrivateName(host: string): boolean {
  const labels = host.toLowerCase().split('.');
  return labels.length < 2 || PRIVATE_SUFFIXES.has(labels.at(-1) ?? '') || host.toLowerCase().endsWith('.home.arpa');
}

/** 80, 443 and unprivileged ports, except those where something else than HTTP is known to listen. */
export function isWebPort(port: number): boolean {
  return port === 80 || port === 443 || (port >= 1024 && port <= 65_535 && !NOT_HTTP.has(port));
}

function isPublicIpv4(text: string): boolean {
  // Azure's metadata and agent endpoint has a public number.
  return text !== '168.63.129.16' && ipaddr.IPv4.parse(text).range() === 'unicast';
}

function startsWith(bytes: readonly number[], prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const NAT64 = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];

const PRIVATE_SUFFIXES = new Set([
  'localhost',
  'localdomain',
  'local',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'onion',
]);

/** Databases, caches, queues, container and cluster control, remote desktops, and the ports browsers refuse. */
const NOT_HTTP = new Set([
  1433, 1434, 1521, 1719, 1720, 1723, 1883, 2049, 2181, 2375, 2376, 2377, 2379, 2380, 3306, 3389, 3659, 4045, 4190,
  4222, 4369, 5060, 5061, 5432, 5433, 5671, 5672, 5900, 5984, 5985, 5986, 6000, 6379, 6380, 6443, 6566, 6665, 6666,
  6667, 6668, 6669, 6679, 6697, 7000, 7001, 7199, 8086, 8500, 9042, 9092, 9160, 9200, 9300, 10080, 10250, 10255, 11211,
  15672, 25672, 26257, 26379, 27017, 27018, 27019, 28017, 33060,
]);
