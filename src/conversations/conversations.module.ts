import { Module } from '@nestjs/common';
import { AgentsModule } from '#agents';
import { ExpiryModule } from '#platform/expiry';
import { TenantsModule } from '#tenants';
import { ConversationStreams } from './conversation-stream.js';
import { ConversationExpiry } from './conversation.expiry.js';
import { ConversationRepository } from './conversation.repository.js';
import { ConversationService } from './conversation.service.js';
import { ConversationsController } from './conversations.controller.js';
import { LeaseKeeper } from './lease-keeper.js';
import { MessageRepository } from './message.repository.js';
import { TitleService } from './title.service.js';
import { TurnExecutor } from './turn-executor.js';
import { TurnRegistry } from './turn-registry.js';
import { TurnRepository } from './turn.repository.js';
import { TurnService } from './turn.service.js';
import { TurnSweeper } from './turn-sweeper.js';

@Module({
  imports: [AgentsModule, ExpiryModule, TenantsModule],
  controllers: [ConversationsController],
  providers: [
    ConversationExpiry,
    ConversationRepository,
    ConversationService,
    ConversationStreams,
    LeaseKeeper,
    MessageRepository,
    TitleService,
    TurnExecutor,
    TurnRegistry,
    TurnRepository,
    TurnService,
    TurnSweeper,
  ],
  exports: [ConversationService, TurnService],
})
export class ConversationsModule {}
