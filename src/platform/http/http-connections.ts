import { AppConfig } from '#platform/config';
import { Injectable } from '@nestjs/common';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { limitedAddress } from './client-address.js';

/** Express's compiled `trust proxy` setting. */
export type TrustProxy = (address: string, hop: number) => boolean;

/** A body that takes longer than this may have to make room. */
const UNDISTURBED_BODY_MS = 10_000;
/** One beyond the limit has so long to be refused with a reason, or to become a socket. */
const UNDISTURBED_MS = 1000;

interface Connection {
  /** Since when it waits: for its first request, for the rest of one, or for the next. */
  since: number;
  request: IncomingMessage | null;
  /** It came when all others of its address were at work. */
  readonly refused: boolean;
}

/**
 * How many HTTP connections an address has open. A new one is always taken while another one of that address only waits: the
 * one that has waited longest goes. So neither half-sent requests nor idle connections keep anybody out. Sockets are
 * counted elsewhere, and a trusted proxy's connections are everybody's: it has to count for itself.
 */
@Injectable()
export class HttpConnections {
  private readonly byAddress = new Map<string, Map<Duplex, Connection>>();
  private readonly most: number;

  constructor(config: AppConfig) {
    this.most = config.env.HTTP_MAX_PER_ADDRESS;
  }

  watch(server: Server, trust: TrustProxy): void {
    server.on('connection', (socket) => {
      const { remoteAddress } = socket;
      if (remoteAddress !== undefined && !trust(remoteAddress, 0)) this.enter(socket, limitedAddress(remoteAddress));
    });
    server.on('request', (request, response) => this.began(request, response));
  }

  /** It came when all others of its address were at work: its requests are to be refused. */
  isRefused(socket: Socket): boolean {
    return this.byAddress.get(limitedAddress(socket.remoteAddress))?.get(socket)?.refused ?? false;
  }

  /** It is no HTTP connection any more. */
  leave(socket: Duplex & { readonly remoteAddress?: string }): void {
    const address = limitedAddress(socket.remoteAddress);
    const own = this.byAddress.get(address);
    own?.delete(socket);
    if (own?.size === 0) this.byAddress.delete(address);
  }

  private enter(socket: Socket, address: string): void {
    const own = this.byAddress.get(address) ?? new Map<Duplex, Connection>();
    this.byAddress.set(address, own);
    const refused = own.size >= this.most && !makeRoom(own, Date.now());
    own.set(socket, { since: Date.now(), request: null, refused });
    // Of a socket that has ended the address is no longer known.
    socket.once('close', () => {
      own.delete(socket);
      if (own.size === 0 && this.byAddress.get(address) === own) this.byAddress.delete(address);
    });
  }

  private began(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const own = this.byAddress.get(limitedAddress(socket.remoteAddress));
    const connection = own?.get(socket);
    if (own === undefined || connection === undefined) return;
    connection.request = request;
    connection.since = Date.now();
    response.once('close', () => {
      if (!own.delete(socket) || socket.destroyed) return;
      // Behind those that have waited longer.
      own.set(socket, { since: Date.now(), request: null, refused: connection.refused });
    });
  }
}

/** @returns false when all of them are at work */
function makeRoom(own: ReadonlyMap<Duplex, Connection>, now: number): boolean {
  for (const [socket, { refused, request, since }] of own) {
    const age = now - since;
    const waits = request === null ? !refused || age > UNDISTURBED_MS : !request.complete && age > UNDISTURBED_BODY_MS;
    if (!waits) continue;
    socket.destroy();
    return true;
  }
  return false;
}
