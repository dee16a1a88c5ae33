import { Module } from '@nestjs/common';
import { AuthModule } from '#auth';
import { ConversationsModule } from '#conversations';
import { EscalationsModule } from '#escalations';
import { TenantsModule } from '#tenants';
import { ChannelsDrain } from './channels-drain.js';
import { ChannelsState } from './channels-state.js';
import { ChatResponses } from './http/chat-responses.js';
import { ChatController } from './http/chat.controller.js';
import { ConversationEventsController } from './http/conversation-events.controller.js';
import { EventStreams } from './http/event-streams.js';
import { HttpChatService } from './http/http-chat.service.js';
import { RegenerateController } from './http/regenerate.controller.js';
import { ChatCommands } from './websocket/chat-commands.js';
import { ChatGateway } from './websocket/chat.gateway.js';
import { ConnectionRegistry } from './websocket/connection-registry.js';
import { PeerConnections } from './presence/peer-connections.js';
import { PresenceController } from './presence/presence.controller.js';
import { PresenceRepository } from './presence/presence.repository.js';
import { PresenceService } from './presence/presence.service.js';
import { SessionRecheck } from './session-recheck.js';
import { SocketAuthenticator } from './websocket/socket-authenticator.js';
import { UpgradeGate } from './websocket/upgrade-gate.js';

@Module({
  imports: [AuthModule, ConversationsModule, EscalationsModule, TenantsModule],
  controllers: [PresenceController, ChatController, RegenerateController, ConversationEventsController],
  providers: [
    ChannelsDrain,
    ChannelsState,
    ChatCommands,
    ChatResponses,
    ChatGateway,
    ConnectionRegistry,
    EventStreams,
    HttpChatService,
    PeerConnections,
    PresenceRepository,
    PresenceService,
    SessionRecheck,
    SocketAuthenticator,
    UpgradeGate,
  ],
  exports: [ChannelsDrain],
})
export class ChannelsModule {}
