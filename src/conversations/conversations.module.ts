import { Module } from '@nestjs/common';
import { AgentsModule } from '#agents';
import { ExpiryModule } from '#platform/expiry';
import { TenantsModule } from '#tenants';
import { ConversationEvents } from './events/conversation-events.js';
import { FeedbackRepository } from './feedback/feedback.repository.js';
import { FeedbackService } from './feedback/feedback.service.js';
import { CatchUp } from './live/catch-up.js';
import { ConversationStreams } from './live/conversation-streams.js';
import { PartyNews } from './live/party-news.js';
import { TurnRelay } from './live/turn-relay.js';
import { Typing } from './live/typing.js';
import { PeopleRegistry } from './model/people-registry.js';
import { HandoverNews } from './people/handover-news.js';
import { HandoverService } from './people/handover.service.js';
import { PastExchanges } from './people/past-exchanges.js';
import { Suggestions } from './people/suggestions.js';
import { ConversationService } from './rest/conversation.service.js';
import { ConversationsController } from './rest/conversations.controller.js';
import { StaffConversationRepository } from './staff/staff-conversation.repository.js';
import { StaffConversationService } from './staff/staff-conversation.service.js';
import { StaffConversationsController } from './staff/staff-conversations.controller.js';
import { ConversationExpiry } from './store/conversation.expiry.js';
import { ConversationRepository } from './store/conversation.repository.js';
import { MessageRepository } from './store/message.repository.js';
import { PersonRepository } from './store/person.repository.js';
import { TurnRepository } from './store/turn.repository.js';
import { LastReaders } from './turns/last-readers.js';
import { TitleService } from './turns/title.service.js';
import { TurnAcceptance } from './turns/turn-acceptance.js';
import { TurnExecutor } from './turns/turn-executor.js';
import { TurnFigures } from './turns/turn-figures.js';
import { SuspendedTurns } from './turns/suspended-turns.js';
import { TurnRunner } from './turns/turn-runner.js';
import { TurnScheduler } from './turns/turn-scheduler.js';
import { TurnStopper } from './turns/turn-stopper.js';
import { TurnService } from './turns/turn.service.js';

@Module({
  imports: [AgentsModule, ExpiryModule, TenantsModule],
  // `api/admin` wins over `api/:tenant`.
  controllers: [StaffConversationsController, ConversationsController],
  providers: [
    CatchUp,
    ConversationEvents,
    ConversationExpiry,
    ConversationRepository,
    ConversationService,
    ConversationStreams,
    FeedbackRepository,
    FeedbackService,
    HandoverNews,
    HandoverService,
    LastReaders,
    MessageRepository,
    PartyNews,
    PastExchanges,
    PeopleRegistry,
    PersonRepository,
    StaffConversationRepository,
    StaffConversationService,
    Suggestions,
    SuspendedTurns,
    TitleService,
    TurnAcceptance,
    TurnExecutor,
    TurnFigures,
    TurnRelay,
    TurnRepository,
    TurnRunner,
    TurnScheduler,
    TurnService,
    TurnStopper,
    Typing,
  ],
  exports: [
    ConversationService,
    FeedbackService,
    HandoverNews,
    HandoverService,
    PastExchanges,
    PeopleRegistry,
    Suggestions,
    TurnService,
    Typing,
  ],
})
export class ConversationsModule {}
