import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { WebSocket, WebSocketServer } from 'ws';
import { newId } from '#platform/database';
import { asError, DomainError } from '#platform/errors';
import {
  domainProblem,
  faultProblem,
  HttpConnections,
  MAX_HEADERS,
  type Problem,
  problem,
  ProxyHint,
  type TrustProxy,
} from '#platform/http';
import { LOGGER, type Logger } from '#platform/logging';
import { MOST_FRAME_BYTES } from '../protocol/field-schemas.js';
import { UpgradeGate } from './upgrade-gate.js';

/**
 * Nest's adapter for `ws` with the parts that decide about safety and order replaced: the upgrade is ours, so that a
 * refusal is a real HTTP answer; frames are capped and never deflated; Nest does not dispatch frames; and closing does not
 * cut anybody off, since `ChannelsDrain` has said goodbye by then.
 */
export class ChatSocketAdapter extends WsAdapter {
  private readonly gate: UpgradeGate;
  private readonly connections: HttpConnections;
  private readonly hint: ProxyHint;
  private readonly log: Logger;
  private readonly trust: TrustProxy;
  private upgrade: { readonly server: Server; readonly listener: (...args: UpgradeArguments) => void } | null = null;
  private sockets: WebSocketServer | null = null;

  constructor(app: INestApplication) {
    super(app);
    this.gate = app.get(UpgradeGate);
    this.connections = app.get(HttpConnections, { strict: false });
    this.hint = app.get(ProxyHint, { strict: false });
    this.log = app.get<Logger>(LOGGER);
    const express = app.getHttpAdapter().getInstance() as { get(name: string): unknown };
    this.trust = express.get('trust proxy fn') as TrustProxy;
  }

  override create(port: number, options: Record<string, unknown> = {}): WebSocketServer {
    const server = super.create(port, {
      ...options,
      maxPayload: MOST_FRAME_BYTES,
      perMessageDeflate: false,
      clientTracking: false,
      // A message of one-byte fragments costs more than it carries.
      maxFragments: 256,
      // Answered by `ChatConnection`, within its budget: `ws` itself answers every ping of a peer that reads none of them.
      autoPong: false,
    }) as WebSocketServer;
    this.sockets = server;
    return server;
  }

  /** Frames are dispatched by `ChatConnection`. */
  override bindMessageHandlers(): void {
    return;
  }

  /** The gateway looks after each socket's errors; Nest would write every broken connection into the log as an error. */
  override bindErrorHandler(server: WebSocketServer): WebSocketServer {
    server.on('error', (error) => this.log.error({ err: error }, 'the socket server failed'));
    return server;
  }

  override async close(server: WebSocketServer): Promise<void> {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  override async dispose(): Promise<void> {
    this.upgrade?.server.off('upgrade', this.upgrade.listener);
    this.upgrade = null;
    await super.dispose();
  }

  protected override ensureHttpServerExists(port: number, httpServer?: Server): Server | undefined {
    if (this.httpServersRegistry.has(port) || httpServer === undefined) return undefined;
    this.httpServersRegistry.set(port, httpServer);
    const listener = (...[request, stream, head]: UpgradeArguments): void => void this.onUpgrade(request, stream, head);
    httpServer.on('upgrade', listener);
    this.upgrade = { server: httpServer, listener };
    return httpServer;
  }

  private async onUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    // Whatever happens to the connection before it is a socket is not an error of ours.
    const ignore = (): void => undefined;
    stream.on('error', ignore);
    // From here on counted by the gate.
    this.connections.leave(request.socket);
    this.hint.look(request.headers);
    if (request.rawHeaders.length / 2 > MAX_HEADERS) {
      const detail = `Send at most ${MAX_HEADERS} headers`;
      stream.end(httpAnswer(problem({ status: 431, code: 'INVALID_INPUT', detail, traceId: newId() }), undefined));
      return;
    }
    try {
      await this.gate.admit(request, this.trust);
    } catch (error) {
      return this.refuse(stream, error);
    }
    const { sockets } = this;
    if (sockets === null || stream.destroyed) return void stream.destroy();
    stream.off('error', ignore);
    sockets.handleUpgrade(request, stream, head, (socket: WebSocket) => sockets.emit('connection', socket, request));
  }

  private refuse(stream: Duplex, error: unknown): void {
    const traceId = newId();
    const isShown = error instanceof DomainError;
    if (!isShown) this.log.error({ err: asError(error), correlation_id: traceId }, 'an upgrade failed');
    const document = isShown ? domainProblem(error, traceId) : faultProblem(error, traceId, true);
    stream.end(httpAnswer(document, isShown ? error.retryAfterMs : undefined));
  }
}

type UpgradeArguments = [request: IncomingMessage, stream: Duplex, head: Buffer];

function httpAnswer(document: Problem, retryAfterMs: number | undefined): string {
  const body = JSON.stringify(document);
  return [
    `HTTP/1.1 ${document.status} ${document.title}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(retryAfterMs === undefined ? [] : [`Retry-After: ${Math.max(1, Math.ceil(retryAfterMs / 1000))}`]),
    '',
    body,
  ].join('\r\n');
}
