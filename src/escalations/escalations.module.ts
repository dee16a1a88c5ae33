import { Module } from '@nestjs/common';
import { AuthModule } from '#auth';
import { ConversationsModule } from '#conversations';
import { TenantsModule } from '#tenants';
import { Departures } from './lifecycle/departures.js';
import { EscalationRequests } from './lifecycle/escalation-requests.js';
import { EscalationService } from './lifecycle/escalation.service.js';
import { PeopleBehindConversations } from './lifecycle/people-behind.js';
import { Replies } from './lifecycle/replies.js';
import { DeskController } from './desk/desk.controller.js';
import { DeskRepository } from './desk/desk.repository.js';
import { DeskService } from './desk/desk.service.js';
import { RatingRepository } from './desk/rating.repository.js';
import { RatingService } from './desk/rating.service.js';
import { AbsenceMail } from './keeping/absence-mail.js';
import { QueueKeeper } from './keeping/queue-keeper.js';
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
import { RulesDryRun } from './rules/dry-run.js';
import { EscalationRulesController } from './rules/rules.controller.js';
import { RulesRepository } from './rules/rules.repository.js';
import { RulesService } from './rules/rules.service.js';
import { EscalationRepository } from './store/escalation.repository.js';
import { PresenceRepository } from './store/presence.repository.js';

@Module({
  imports: [AuthModule, ConversationsModule, TenantsModule],
  controllers: [
    AdminEscalationsController,
    EscalationRulesController,
    EscalateController,
    SupporterController,
    DeskController,
  ],
  providers: [
    AbsenceMail,
    AvailabilityService,
    Departures,
    DeskRepository,
    DeskService,
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
    QueueKeeper,
    QueueNews,
    RatingRepository,
    RatingService,
    Replies,
    RulesDryRun,
    RulesRepository,
    RulesService,
  ],
  exports: [DeskService, EscalationReader, EscalationRequests, PeopleThere, QueueFeed, Replies, RulesService],
})
export class EscalationsModule {}
