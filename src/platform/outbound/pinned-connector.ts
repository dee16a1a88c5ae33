import { connect as connectTcp, isIP, isIPv6, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { buildConnector } from 'undici';
import { OutboundBlockedError } from './outbound.errors.js';

export interface PinnedTarget {
  /** The checked addresses of the host; the connection goes to one of these and nowhere else. */
  readonly addresses: readonly string[];
  /** Judges the address that the socket is really connected to. */
  readonly accepts: (address: string) => boolean;
}

/**
 * A connector for undici that never asks DNS again: between the check and the connection a name could otherwise change
 * its mind (rebinding). TLS still verifies the certificate against the host name.
 */
export function pinnedConnector(target: PinnedTarget, signal: AbortSignal): buildConnector.connector {
  const lookup = pinnedLookup(target.addresses);
  return (options, callback) => {
    const secure = options.protocol === 'https:';
    const port = Number(options.port) || (secure ? 443 : 80);
    const common = { host: options.hostname, port, lookup, autoSelectFamily: true };
    const socket: Socket = secure
      ? connectTls({
          ...common,
          servername: isIP(options.hostname) === 0 ? options.hostname : '',
          ALPNProtocols: ['http/1.1'],
        })
      : connectTcp(common);
    socket.setNoDelay(true);

    const settle = (error: Error | null): void => {
      signal.removeEventListener('abort', stop);
      socket.removeListener('error', settle);
      // undici listens from here on; a socket given up must not raise an unhandled error.
      if (error === null) return callback(null, socket);
      socket.on('error', () => undefined).destroy();
      callback(error, null);
    };
    const stop = (): void => settle(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    socket.once('error', settle);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      const actual = socket.remoteAddress;
      settle(actual !== undefined && target.accepts(actual) ? null : new OutboundBlockedError());
    });
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  };
}

function pinnedLookup(addresses: readonly string[]): LookupFunction {
  const answers = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_hostname, options, callback) => {
    if (options.all === true) return callback(null, answers);
    const first = answers[0];
    if (first === undefined) return callback(new Error('no address'), '');
    callback(null, first.address, first.family);
  };
}
