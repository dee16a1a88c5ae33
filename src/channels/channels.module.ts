import { Module } from '@nestjs/common';
import { AuthModule } from '#auth';
import { ConversationsModule } from '#conversations';
import { TenantsModule } from '#tenants';
import { ChannelsDrain } from './channels-drain.js';
import { ChannelsState } from './channels-state.js';
import { EventStreams } from './http/event-streams.js';
import { ChatCommands } from './websocket/chat-commands.js';
import { ChatGateway } from './websocket/chat.gateway.js';
import { ConnectionRegistry } from './websocket/connection-registry.js';
import { PresenceController } from './websocket/presence.controller.js';
import { SocketAuthenticator } from './websocket/socket-authenticator.js';
import { UpgradeGate } from './websocket/upgrade-gate.js';

@Module({
  imports: [AuthModule, ConversationsModule, TenantsModule],
  controllers: [PresenceController],
  providers: [
    ChannelsDrain,
    ChannelsState,
    ChatCommands,
    ChatGateway,
    ConnectionRegistry,
    EventStreams,
    SocketAuthenticator,
    UpgradeGate,
  ],
  exports: [ChannelsDrain],
})
export class ChannelsModule {}
