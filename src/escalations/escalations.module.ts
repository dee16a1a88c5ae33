import { Module } from '@nestjs/common';
import { AuthModule } from '#auth';
import { ConversationsModule } from '#conversations';
import { TenantsModule } from '#tenants';
import { Departures } from './lifecycle/departures.js';
import { EscalationRequests } from './lifecycle/escalation-requests.js';
import { EscalationService } from './lifecycle/escalation.service.js';
import { PeopleBehindConversations } from './lifecycle/people-behind.js';
import { Replies } from './lifecycle/replies.js';
import { AvailabilityService } from './queue/availability.service.js';
import { OpeningHours } from './queue/opening-hours.js';
import { PeopleThere } from './queue/people-there.js';
import { QueueFeed } from './queue/queue-feed.js';
import { QueueNews } from './queue/queue-news.js';
import { AdminEscalationsController } from './rest/admin-escalations.controller.js';
import { EscalateController } from './rest/escalate.controller.js';
import { EscalationEvents } from './rest/escalation-events.js';
import { EscalationReader } from './rest/escalation-reader.js';
import { SupporterController } from './rest/supporter.controller.js';
import { EscalationRepository } from './store/escalation.repository.js';
import { PresenceRepository } from './store/presence.repository.js';

@Module({
  imports: [AuthModule, ConversationsModule, TenantsModule],
  controllers: [AdminEscalationsController, EscalateController, SupporterController],
  providers: [
    AvailabilityService,
    Departures,
    EscalationEvents,
    EscalationReader,
    EscalationRepository,
    EscalationRequests,
    EscalationService,
    OpeningHours,
    PeopleBehindConversations,
    PeopleThere,
    PresenceRepository,
    QueueFeed,
    QueueNews,
    Replies,
  ],
  exports: [EscalationReader, EscalationRequests, PeopleThere, QueueFeed, Replies],
})
export class EscalationsModule {}
