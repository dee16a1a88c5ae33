import type { IncomingMessage } from 'node:http';
import { Inject } from '@nestjs/common';
import { type OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import { ConversationService } from '#conversations';
import { AppConfig } from '#platform/config';
import { LOGGER, type Logger } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { errorFrame } from '../protocol/error-frame.js';
import type {
  AbortFrame,
  EscalateFrame,
  FeedbackFrame,
  RegenerateFrame,
  ResumeFrame,
  TypingFrame,
  UnsubscribeFrame,
  UserMessageFrame,
} from '../protocol/parse-frame.js';
import { type ConnectionOptions, connectionOptions } from '../protocol/reader-options.js';
import type { AddressPlace } from './address-places.js';
import { ChatCommands } from './chat-commands.js';
import { ChatConnection, type ConnectionServices, type Welcome } from './chat-connection.js';
import { ConnectionRegistry } from './connection-registry.js';
import { type Handshake, readHandshake } from './handshake.js';
import { SocketAuthenticator } from './socket-authenticator.js';
import type { SocketIdentity } from './socket-identity.js';
import { CLOSE, SocketWriter } from './socket-writer.js';

/**
 * Where sockets enter (PROTOCOL §1). Nest hands over the opened socket; its frames are dispatched by `ChatConnection`, in
 * their order: Nest's own dispatch runs handlers side by side and drops unknown frames without a word.
 */
@WebSocketGateway({ path: '/ws/chat' })
export class ChatGateway implements OnGatewayConnection<WebSocket> {
  constructor(
    private readonly config: AppConfig,
    private readonly authenticator: SocketAuthenticator,
    private readonly commands: ChatCommands,
    private readonly conversations: ConversationService,
    private readonly registry: ConnectionRegistry,
    private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  handleConnection(socket: WebSocket, request: IncomingMessage): void {
    socket.on('error', (error) => this.logger.debug({ err: error }, 'a socket failed'));
    const handshake = readHandshake(request);
    if (handshake === null) return socket.terminate();
    const writer = new SocketWriter(socket, request.socket);
    let options: ConnectionOptions;
    try {
      options = connectionOptions(handshake.query);
    } catch (error) {
      writer.send(JSON.stringify(errorFrame(error, 'connection')));
      return writer.close(CLOSE.badRequest, 'INVALID_INPUT');
    }
    const place = this.registry.placeOf(request.socket);
    const connection = new ChatConnection(writer, handshake, options, this.servicesFor(options, place));
    if (place !== undefined) place.giveUp = () => connection.giveUp();
    socket.on('message', (data: Buffer, isBinary: boolean) => connection.onMessage(data, isBinary));
    socket.on('ping', (data: Buffer) => connection.onPing(data));
    socket.on('pong', () => connection.onPong());
    socket.once('close', (code: number) => {
      connection.onClose();
      this.logger.debug({ ...lineOf(connection), path: handshake.path, code }, 'socket closed');
    });
    this.registry.add(connection);
    connection.start();
  }

  private servicesFor(options: ConnectionOptions, place: AddressPlace | undefined): ConnectionServices {
    const { authenticator, commands, registry, conversations } = this;
    return {
      heartbeatSeconds: this.config.env.WS_HEARTBEAT_SECONDS,
      bypassEnabled: authenticator.bypassEnabled,
      logger: this.logger,
      verify: async (token: string, handshake: Handshake, id: string) => {
        const before = place?.verified;
        if (place !== undefined) place.verified = null;
        if (before?.token === token) {
          return { ...before.identity, ctx: { ...before.identity.ctx, correlationId: id } };
        }
        return authenticator.verify(token, handshake, { connectionId: id, address: place?.address ?? '' });
      },
      byBypass: (handshake: Handshake, id: string) => authenticator.byBypass(handshake, id),
      assertAlive: (identity: SocketIdentity) => authenticator.assertAlive(identity),
      admit: (connection, identity) => registry.identify(connection, identity, place),
      welcome: (identity: SocketIdentity): Promise<Welcome> => commands.welcome(identity, options),
      restore: (connection) => commands.restore(connection, options),
      submit: (connection, frame: UserMessageFrame) => commands.submit(connection, frame, options),
      abort: (connection, frame: AbortFrame) => commands.abort(connection, frame),
      regenerate: (connection, frame: RegenerateFrame) => commands.regenerate(connection, frame, options),
      resume: (connection, frame: ResumeFrame) => commands.resume(connection, frame, options),
      unsubscribe: (connection, frame: UnsubscribeFrame) => commands.unsubscribe(connection, frame),
      escalate: (connection, frame: EscalateFrame) => commands.escalate(connection, frame, options),
      type: (connection, frame: TypingFrame) => commands.type(connection, frame),
      rate: (connection, frame: FeedbackFrame) => commands.rate(connection, frame),
      left: (connection) => {
        commands.left(connection);
        conversations.unsubscribe(connection.id);
      },
      refused: (code) => this.metrics.frameRefused(code),
      closed: (connection) => registry.remove(connection),
    };
  }
}

function lineOf(connection: ChatConnection): object {
  const { id, identity } = connection;
  return { connection: id, tenant: identity?.tenant.id, principal: identity?.user.id };
}
